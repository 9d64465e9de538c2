"A session of Lanzarini: 42 min, 128 channels, 8 million spikes."
import numpy as np

FILE = 'subject_1/session_1.mat'


def make(path):
    from scipy.io import savemat
    rng = np.random.default_rng(0)
    savemat(path, {f'Spk_{channel:03d}a_sh': np.sort(rng.integers(0, 2500*30_000, 62_500))[None]/30_000 for channel in range(128)})


def start(path):
    from scipy.io import loadmat
    held = loadmat(path)
    trains = [held[f'Spk_{channel:03d}a_sh'][0] for channel in range(128)]
    return trains, np.zeros((128, int(np.ceil(max(times.max() for times in trains)/0.02))), dtype=np.uint8)


def add_at(path):
    trains, counts = start(path)
    for row, times in zip(counts, trains):
        index = (times/0.02).astype(int)
        np.add.at(row, index[index < len(row)], 1)
    return counts


def loop(path):
    trains, counts = start(path)
    for row, times in zip(counts, trains):
        for time in times:
            index = int(time/0.02)
            if index < len(row): row[index] += 1
    return counts


PLAIN = {'`np.add.at` for each channel': add_at, 'a Python loop over spikes': loop}
