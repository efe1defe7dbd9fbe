"""The demonstration hypervisor."""
