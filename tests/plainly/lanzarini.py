"Lanzarini the plain way: one spike after the other."
import re
from fractions import Fraction
from math import ceil, floor

import numpy as np
from scipy.io import loadmat, savemat


def variables(path): return {name: value for name, value in loadmat(path).items() if not name.startswith('__')}


def published_bins(held):
    return ceil(max(held[f'Spk_{i:03d}a_sh'].max() for i in range(128) if held.get(f'Spk_{i:03d}a_sh', np.zeros(0)).size)/0.02)


def published(path):
    held = variables(path)
    n_bins = published_bins(held)
    counts = np.zeros((128, n_bins), dtype=np.uint8)
    for i in range(128):
        if f'Spk_{i:03d}a_sh' not in held: continue
        for time in held[f'Spk_{i:03d}a_sh'][0].tolist():
            if int(time/0.02) < n_bins: counts[i, int(time/0.02)] += 1
    return counts


def default(path):
    held = variables(path)
    n_bins = published_bins(held)
    end = max(held[f'Spk_{i:03d}a_sh'].max() for i in range(128) if held.get(f'Spk_{i:03d}a_sh', np.zeros(0)).size)
    first = 1 if 'Spk_128a_sh' in held and 'Spk_000a_sh' not in held else 0
    counts = np.zeros((128, n_bins), dtype=int)
    for name, value in held.items():
        row = int(re.match(r'Spk_(\d+)', name)[1]) - first
        for time in value[0].tolist():
            index = floor(Fraction(round(time*1e6), 20_000))
            if index < n_bins: counts[row, index] += 1
            elif time <= end: counts[row, n_bins - 1] += 1
    return np.minimum(counts, 255).astype(np.uint8)


def put(path, **changes):
    "Change variables of a MATLAB file, each by a function of its value (None where it has none); None as the result removes it."
    held = variables(path)
    for name, change in changes.items():
        value = change(held.pop(name, None))
        if value is not None: held[name] = value
    savemat(path, held)


def every(change): return lambda path: put(path, **{name: change for name in variables(path)})


def with_nan(times): return np.where(np.arange(times.size) == 3, np.nan, times)


def silence(path): put(path, Spk_000a_sh=lambda times: np.zeros((1, 0)))


DAMAGES = { # what is done to a raw file -> what the error says
    'missing': (lambda path: savemat(path, dict(other=1.0)), 'expected variables like `Spk_000a_sh`; found other'),
    'type': (lambda path: put(path, Spk_002a_sh=lambda times: 'no numbers'), '`Spk_002a_sh` as one row of spike times'),
    'orientation': (lambda path: put(path, Spk_002a_sh=lambda times: times.T), '`Spk_002a_sh` as one row of spike times'),
    'nan': (lambda path: put(path, Spk_002a_sh=with_nan), 'NaN or infinity in `Spk_002a_sh`'),
    'negative': (every(lambda times: -times - 1), 'a spike after time zero'),
    'samples': (every(lambda times: times*30_000*1000), 'Are they samples'),
    'one channel too many': (lambda path: put(path, Spk_128a_sh=lambda _: np.ones((1, 1))), '128 channels, 000 to 127 or 001 to 128; found 000 to 128'),
    'numbered beyond': (lambda path: put(path, Spk_255a_sh=lambda _: np.ones((1, 1))), '128 channels, 000 to 127 or 001 to 128; found 000 to 255'),
}
