"""Bitwuzla as a program: SMT-LIB commands from standard input, answers to standard output. Its wheel is a library."""

import sys

import bitwuzla


def main():
    """Each command is carried out as soon as it is whole: who asks waits for the answer before he goes on."""
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_MODELS, True)
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    text, depth = "", 0
    for line in sys.stdin:
        if line.startswith(";"):
            continue
        text, depth = text + line, depth + line.count("(") - line.count(")")
        if depth == 0 and text.strip():
            if text.strip() == "(exit)":
                return
            parser.parse(text, False, False)
            text = ""


if __name__ == "__main__":
    print("--lang smt2") if "--help" in sys.argv else main()
