"""A stand-in for the engine's process: the same lines, and answers that tests can rely on."""

import json
import os
import sys
import time


def answer(name: str, arguments: dict, say) -> object:
    match name:
        case "echo":
            return arguments
        case "slow":
            for done in range(3):
                say(progress={"stage": {"template": "Working…", "values": {}}, "done": done, "total": 3})
            time.sleep(arguments.get("seconds", 0))
            return {"done": True}
        case "die":
            print("the last words", file=sys.stderr, flush=True)
            os._exit(3)
        case "pid":
            return {"pid": os.getpid()}
        case "long":
            return {"text": "x" * arguments["size"]}
    raise KeyError(name)


def main() -> None:
    for line in sys.stdin:
        question = json.loads(line)

        def say(number=question["id"], **content: object) -> None:
            print(json.dumps({"id": number, **content}), flush=True)

        try:
            say(answer=answer(question["name"], question["arguments"], say))
        except KeyError as error:
            plain = {"message": "There is no {name}.", "hint": "", "values": {"name": str(error)}, "details": ""}
            say(error=plain)


if __name__ == "__main__":
    main()
