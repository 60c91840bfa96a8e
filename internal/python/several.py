# Runs several helper scripts by one start of the interpreter, each in a process of
# its own: what one imports and replaces is not there for the next.
import os
import sys
import time

began = time.time()
for name in sys.argv[1:]:
    script = name + ".py"
    if hasattr(os, "fork"):
        child = os.fork()
        if child == 0:
            sys.argv = [script, name + ".json"]
            with open(script, encoding="utf-8") as f:
                code = compile(f.read(), script, "exec")
            exec(code, {"__name__": "__main__", "__file__": script, "BEGAN": began})
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        failed = status >> 8 or status & 127
    else:
        import subprocess

        failed = subprocess.call([sys.executable, "-B", script, name + ".json"])
    if failed:
        os._exit(failed)
