"Card the plain way: one channel and one trial at a time, from the facts about its files."
import h5py
import numpy as np
from plain import put


def trials(path):
    "Groups in the order of their names: name, block, trial, and the z-scores of the crossings."
    with h5py.File(path) as file:
        return [(name, int(file[name].attrs['block_num']), int(file[name].attrs['trial_num']), file[name]['input_features'][:, :256]) for name in sorted(file)]


def published(path):
    stretches = []
    for _, _, _, z in trials(path):
        counts = np.zeros(z.shape, dtype=np.uint8)
        for channel in range(256):
            gaps = np.diff(np.unique(z[:, channel]))
            gaps = gaps[gaps > 1e-6]
            if not len(gaps): continue
            whole = np.round(z[:, channel]/gaps.min())
            counts[:, channel] = np.clip(whole - whole.min(), 0, 20)
        stretches.append(counts)
    return np.concatenate(stretches).T


def smallest_gap(values):
    "The smallest gap that is no rounding error; None in a trial that is constant."
    values = np.unique(values).astype(float)
    gaps = [b - a for a, b in zip(values, values[1:]) if b - a > (values[-1] - values[0])/256]
    return min(gaps, default=None)


def lattice(values, guess):
    "Offset and step of the whole multiples that values are, when they are within a tenth of it; else None."
    values = np.unique(values).astype(float)
    for part in (1, 2, 3):
        step, offset = np.polyfit(np.round((values - values[0])/(guess/part)), values, 1)
        position = (values - offset)/step
        if max(abs(position - np.round(position))) <= 0.1: return offset + step*round(position[0]), step


def default(path):
    day = {file: trials(file) for file in path.parent.glob('data_*.hdf5')}
    own = sorted(day[path], key=lambda trial: trial[1:3])
    counts = [np.zeros(z.shape, dtype=int) for *_, z in own]
    for block in {trial[1] for trial in own}:
        of_block = [z for file in sorted(day, key=lambda file: file != path) for _, number, _, z in sorted(day[file], key=lambda trial: trial[1:3]) if number == block]
        for channel in range(256):
            columns = [z[:, channel] for z in of_block]
            guesses = [smallest_gap(column) for column in columns]
            if not any(guesses): continue
            shared = lattice(np.concatenate(columns), min(guess for guess in guesses if guess))
            lattices = [shared or (guess and lattice(column, guess)) for column, guess in zip(columns, guesses)]
            smallest = min((step for _, step in filter(None, lattices)), default=None)
            mine = [number for number, trial in enumerate(own) if trial[1] == block]
            for number, found in zip(mine, lattices):
                if not found: continue
                offset, step = found
                if abs(step/smallest - round(step/smallest)) < 0.25: step /= round(step/smallest)
                counts[number][:, channel] = np.round((own[number][3][:, channel] - offset)/step)
    return np.minimum(np.concatenate(counts), 255).astype(np.uint8).T


def ids(path, published): return 'T15', f'{path.parent.name}_{path.stem}'


def change(path, function):
    "Change the features of every trial."
    for name, *_ in trials(path): put(path, f'{name}/input_features', function)


def silence(path): change(path, lambda features: np.where(np.arange(512) == 0, np.float32(-0.5), features))


def without_block_number(path):
    with h5py.File(path, 'r+') as file: del file['trial_0002'].attrs['block_num']


def with_value(value): return lambda path: put(path, 'trial_0001/input_features', lambda features: np.where((np.arange(len(features))[:, None] == 3) & (np.arange(512) == 7), np.float32(value), features))


DAMAGES = { # a z-score may be negative; minus infinity may not be one
    'missing': (lambda path: put(path, 'trial_0000/input_features', None), 'expected `input_features`; found no such member; /trial_0000 holds'),
    'missing block': (without_block_number, 'an attribute `block_num` of each trial, a number; found none in /trial_0002'),
    'type': (lambda path: put(path, 'trial_0000/input_features', lambda features: features.astype(np.int16)), 'features of /trial_0000 as float32, time x 512; found int16'),
    'orientation': (lambda path: put(path, 'trial_0000/input_features', lambda features: features.T), 'It looks transposed.'),
    'columns': (lambda path: put(path, 'trial_0000/input_features', lambda features: features[:, :256]), 'time x 512; found float32 of shape'),
    'empty': (lambda path: put(path, 'trial_0000/input_features', lambda features: features[:0]), 'found float32 of shape (0, 512)'),
    'nan': (with_value(np.nan), 'finite features in /trial_0001; found nan in bin 3, channel 7'),
    'negative': (with_value(-np.inf), 'finite features in /trial_0001; found -inf in bin 3, channel 7'),
}
