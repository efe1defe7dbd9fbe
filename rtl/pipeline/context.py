"""On whose behalf memory is reached: derived once, from the CSRs, where an access is born."""

from amaranth.hdl import Cat, Mux, Value

from ..isa.modes import Mode, v
from ..payloads import Context, Reach, record
from ..ports import CsrStatus


def fetch_context(status: CsrStatus) -> Value:
    """The Context of instruction fetches: they look at neither MPRV nor SUM nor MXR."""
    return record(Context, mode=status.mode, reach=Reach.FETCH, as_store=0, hlvx=0, sum=0, mxr=0, vs_mxr=0)


def data_mode(status: CsrStatus, hlsv) -> Value:
    """The effective Mode of a load, store or AMO.

    hlsv    whether it is HLV, HLVX or HSV: as if V=1, at the privilege that hstatus.SPVP names (rule hlsv_priv)

    MPRV counts in M-mode alone: it is 0 whenever another mode runs. MPV says nothing where MPP is M.
    """
    guest = Cat(status.spvp, 0, 1)
    as_mpp = Cat(status.mpp, status.mpv & (status.mpp != Mode.M))
    return Mux(hlsv, guest, Mux(status.mprv & (status.mode == Mode.M), as_mpp, status.mode))[:3]


def data_context(status: CsrStatus, reach, hlsv, hlvx) -> Value:
    """The Context of a load, store or AMO.

    reach   a Reach
    hlsv    whether it is HLV, HLVX or HSV
    hlvx    whether it is HLVX
    """
    mode = data_mode(status, hlsv)
    return record(Context, mode=mode, reach=reach, as_store=0, hlvx=hlvx,
                  sum=Mux(v(mode), status.vs_sum, status.sum), mxr=status.mxr, vs_mxr=status.vs_mxr & v(mode))
