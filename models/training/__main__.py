"""Makes a neural forecaster: pool of windows, training, ONNX file, card, golden vectors. See README.md."""

import argparse
import sys
import time
from pathlib import Path
from tempfile import gettempdir

import torch

from . import export, golden, pool
from .nets import NETS
from .train import train

STEPS = {"lstm": 5000, "transformer": 4500}
HERE = Path(__file__).resolve().parent


def main():
    ask = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    ask.add_argument("--net", choices=[*NETS, "all"], default="all")
    ask.add_argument("--traces", help="folder of CLASS/NAME.csv.gz; without it the pool is synthetic only")
    ask.add_argument("--sets", help="sets.json: traces named in a policy set give 14 days at most")
    ask.add_argument("--pool", default=str(Path(gettempdir()) / "premirror-pool"), help="folder of the pool; made there unless it exists")
    ask.add_argument("--windows", type=int, default=96_000, help="size of the pool (25 KB each)")
    ask.add_argument("--steps", type=int, help="batches of 64; without it each net's own count")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--threads", type=int, default=1)
    ask.add_argument("--out", type=Path, default=HERE.parent / "onnx")
    a = ask.parse_args()
    if a.traces and not a.sets:
        ask.error("--traces needs --sets, to know which traces give 14 days at most")
    torch.set_num_threads(a.threads)
    a.out.mkdir(parents=True, exist_ok=True)
    say = lambda *words: print(*words, flush=True)
    if not (Path(a.pool) / "pool.json").exists():
        pool.make(a.pool, a.windows, a.seed, a.traces, a.sets, say)
    golden.write(HERE / "golden.json")
    for name in NETS if a.net == "all" else [a.net]:
        net, figures = train(name, a.pool, a.steps or STEPS[name], a.seed, log=say)
        path = a.out / f"{name}.onnx"
        export.export(net, path)
        worst = export.check(net, path, a.pool)
        command = f"python -m training --net {name} --windows {a.windows} --steps {a.steps or STEPS[name]} --seed {a.seed}"
        data = "60% synthetic, 40% training parts of recorded traces" if a.traces else "synthetic only"
        export.write_card(path, name, {"seed": a.seed, "data": data, "command": command, **figures,
                                       "parity": worst, "made": time.strftime("%Y-%m-%d"),
                                       "with": f"python {sys.version.split()[0]}, torch {torch.__version__}"})  # fmt: skip
        say(f"{path}: {path.stat().st_size / 1e6:.2f} MB, parity {worst:.1e}")


main()
