/** Each case is a module `s0`, `s1`, … beside it, with the class `CaseS0`, … */
export const PYTHON_MAIN = `import importlib
import json
import sys
from typing import get_type_hints

modules = {}


def reader(number):
    if number not in modules:
        module = importlib.import_module("s" + number)
        for thing in vars(module).values():
            if isinstance(thing, type) and thing.__module__ == module.__name__:
                get_type_hints(thing)
        modules[number] = getattr(module, "CaseS" + number)
    return modules[number]


with open(sys.argv[1], encoding="utf-8", newline="\\n") as lines, open(sys.argv[2], "w", encoding="utf-8") as out:
    for line in lines:
        number, payload = line.rstrip("\\n").split(" ", 1)
        try:
            value = reader(number).from_dict(json.loads(payload))
            out.write("=" + json.dumps(value.to_dict(), allow_nan=False) + "\\n")
        except Exception as error:
            out.write("!" + repr(error).replace("\\n", " ") + "\\n")
`
