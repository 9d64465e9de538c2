"A source whose reader can be watched, slowed down, hung and killed; tests run it in processes of its own."
import os
import sys
import time
from pathlib import Path

import numpy as np
from neuralpile.build import build
from neuralpile.formats import read_nwb_units, write_nwb_units
from neuralpile.source import Source


def read(path, bin_ms=20, published=False):
    "Read a session; its name says what happens besides, and a line in READS that it was read."
    path = Path(path)
    if log := os.environ.get('READS'):
        with open(log, 'a') as file: file.write(f'{path.name}\n')
    time.sleep(float(os.environ.get('PAUSE', 0)))
    if 'deadly' in path.name: os._exit(9)
    if 'hung' in path.name: time.sleep(600)
    return read_nwb_units(path, bin_ms, published)


def fill(folder, n_sessions=8):
    "Sessions of 10,000 tokens, a unit each of which is silent."
    for day in range(n_sessions):
        rng = np.random.default_rng(day)
        write_nwb_units(folder/'sub-Y'/f'ses-{day:03}.nwb', [np.sort(rng.uniform(0, 20, 200)) for _ in range(9)] + [[]], subject='Y')
    return folder


SOURCE = Source(key='scaled', name='Scaled', read=read, write_sample=fill, files='*.nwb')

if __name__ == '__main__':
    import resource
    import scaled # so that workers find the reader where it is
    raw, out, workers, scheduler = sys.argv[1:]
    if limit := os.environ.get('LARGEST_FILE'): resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    report = build(scaled.SOURCE, raw_dir=raw, out_dir=out, max_tokens=4_000, workers=int(workers), scheduler=scheduler)
    print(f'{len(report.sessions)} sessions, {report.reused} reused')
