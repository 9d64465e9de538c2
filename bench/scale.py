"""Builds at full size: sessions per second by workers, memory, the rerun that finds nothing to do, and the plain way beside it.

`python bench/scale.py` writes `bench/scale.md`; it needs 12 GB of disk and some minutes. Every measurement is a process of its own.
"""
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np
import psutil
from neuralpile.formats import read_nwb_units, units_table, new_nwb, save_nwb
from neuralpile.source import Source

sys.path.insert(0, str(Path(__file__).parent))
SOURCE = Source(key='bench', name='Bench', read=read_nwb_units, write_sample=None, files='*.nwb')


def session_file(path, n_units, seconds, rate, seed):
    "A session of spike times at random, written at once."
    rng = np.random.default_rng(seed)
    trains = [np.sort(rng.uniform(0, seconds, rng.poisson(rate*seconds))) for _ in range(n_units)]
    trains[0] = np.append(trains[0], seconds - 1e-3)
    nwbfile = new_nwb(path.stem)
    nwbfile.units = units_table(trains)
    return save_nwb(nwbfile, path)


def sessions(folder, n_sessions, n_files=10, **shape):
    "Files of sessions; only some differ, the others are links to them."
    for number in range(n_sessions):
        path = folder/'sub-A'/f'ses-{number:04}.nwb'
        if number < n_files: session_file(path, seed=number, **shape)
        else: os.link(folder/'sub-A'/f'ses-{number % n_files:04}.nwb', path)
    return folder


def ours(raw, out, workers):
    from neuralpile.build import build
    import scale # so that workers find the source where it is
    report = build(scale.SOURCE, raw_dir=raw, out_dir=out, workers=int(workers))
    return dict(tokens=report.totals()['tokens'], reused=report.reused, inner=report.seconds)


def plain(raw, out, n_rows, kind):
    "Lists or arrays, `Dataset.from_generator`, `to_parquet`."
    from datasets import Dataset, disable_progress_bars
    disable_progress_bars()
    def rows():
        for path in sorted(Path(raw).rglob('*.nwb'))[:int(n_rows)]:
            counts = read_nwb_units(path).counts()
            yield dict(spike_counts=counts.tolist() if kind == 'lists' else counts, subject_id='sub-A', session_id=path.stem, segment_id='segment_0')
    try: Dataset.from_generator(rows, cache_dir=f'{out}/cache').to_parquet(f'{out}/plain.parquet')
    except Exception as error: return dict(error=f'{type(error.__cause__ or error).__name__}: {error.__cause__ or error}'.partition('\n')[0][:90])
    return dict(tokens=10_000_000*int(n_rows))


def load(folder, cache, _):
    from datasets import load_dataset
    rows = load_dataset(folder, split='train', cache_dir=cache)
    first = rows.with_format('arrow')[len(rows) - 1]['spike_counts']
    return dict(rows=len(rows), last=len(first.chunk(0).flatten().flatten()))


def memory(process):
    "Bytes that a process holds; files that it maps, which the system can drop at any time, are not counted where that is told apart."
    try:
        status = Path(f'/proc/{process.pid}/status')
        if status.exists(): return sum(int(line.split()[1])*1024 for line in status.read_text().splitlines() if line.startswith(('RssAnon', 'RssShmem')))
        return process.memory_info().rss
    except (psutil.Error, OSError): return 0


def measure(what, *arguments):
    "Run one thing in a process of its own: what it says, its seconds, and the largest memory of it or one of its workers."
    began, largest = time.perf_counter(), 0
    process = subprocess.Popen([sys.executable, '-W', 'ignore', __file__, what, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    told = []
    reader = Thread(target=lambda: told.append(process.stdout.read()))
    reader.start()
    while process.poll() is None:
        for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)] if psutil.pid_exists(process.pid) else []:
            largest = max(largest, memory(one))
        time.sleep(0.02)
    reader.join()
    return json.loads(told[0].splitlines()[-1]) | dict(seconds=time.perf_counter() - began, memory=largest) if told[0].strip() else dict(error=f'died, exit code {process.returncode}', seconds=time.perf_counter() - began, memory=largest)


def main(n_sessions=200):
    "Measure all, and write the table."
    lines = ['| what | seconds | | peak memory of a process, without mapped files |', '|:--|--:|:--|--:|']
    def line(what, result, more):
        print(what, result, flush=True)
        lines.append(f"| {what} | {result['seconds']:.1f} | {result.get('error') or more} | {result['memory']/1e6:,.0f} MB |")
    def speed(result, n): return f"{n/result['seconds']:.2f} sessions/s, {result.get('tokens', 0)/result['seconds']/1e6:,.0f} M tokens/s"
    with TemporaryDirectory() as folder:
        folder = Path(folder)
        raw = sessions(folder/'raw', n_sessions, n_units=100, seconds=2000, rate=5)
        for workers in (1, 2):
            line(f'{n_sessions} sessions of 10 M tokens, {workers} worker{"s"*(workers > 1)}', result := measure('ours', raw, folder/f'by-{workers}', workers), speed(result, n_sessions))
        line('the same once more, nothing to do', result := measure('ours', raw, folder/'by-1', 1), f"{result.get('reused')} sessions reused; {result.get('inner', 0):.1f} s without the start of Python")
        line('`load_dataset` of it, first time', result := measure('load', folder/'by-1'/'bench', folder/'cache', ''), f"{result.get('rows')} rows; the last holds {result.get('last', 0):,} tokens")
        shutil.rmtree(folder/'cache')
        more = sessions(folder/'more', 230, n_units=100, seconds=2000, rate=5)
        for n_rows, kind in ((40, 'lists'), (40, 'arrays'), (230, 'arrays')):
            line(f'the plain way, {n_rows} sessions: {kind}, `Dataset.from_generator`, `to_parquet`', result := measure('plain', more, folder/'plain', n_rows, kind), speed(result, n_rows))
            shutil.rmtree(folder/'plain', ignore_errors=True)
        many = sessions(folder/'many', 700, n_units=5, seconds=20, rate=5)
        measure('ours', many, folder/'of-many', 1)
        line('700 finished sessions, nothing to do', result := measure('ours', many, folder/'of-many', 1), f"{result.get('reused')} sessions reused; {result.get('inner', 0):.1f} s without the start of Python")
        large = sessions(folder/'large', 1, n_units=400, seconds=40_000, rate=5)
        line('one session of 800 M tokens, 80 M spikes, one worker', result := measure('ours', large, folder/'of-large', 1), speed(result, 1))
    text = f"""# Builds at full size

Seconds include the start of Python. A session has 100 units, 100,000 bins and a million spikes; Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores of {platform.machine()}.
`python bench/scale.py` makes this table again.

""" + '\n'.join(lines) + '\n'
    (Path(__file__).parent/'scale.md').write_text(text, encoding='utf-8')


if __name__ == '__main__':
    if len(sys.argv) > 2: print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
    else: main(*map(int, sys.argv[1:]))
