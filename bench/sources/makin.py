"A session of Makin: 1 h, 192 channels, 5 columns each, 10 million spikes."
import numpy as np

FILE = 'loco_20170101_02.mat'


def make(path):
    from neuralpile.formats import save_mat73
    rng = np.random.default_rng(0)
    names = [[f'{area} {number:03d}'] for area in ('M1', 'S1') for number in range(1, 97)]
    def times(): return np.sort(rng.integers(1700*24_414, 5300*24_414, 17_361))[:, None]/24_414.0625
    save_mat73(path, dict(chan_names=names, spikes=[[times() if column < 3 else np.zeros((0, 0)) for column in range(5)] for _ in names]))


def histograms(path):
    import h5py
    with h5py.File(path) as file:
        refs = file['spikes'][:]
        cells = [[file[refs[column, channel]][:] for column in range(refs.shape[0])] for channel in range(refs.shape[1])]
    channels = [np.concatenate([cell.ravel() for cell in row if cell.ndim == 2]) for row in cells]
    edges = np.arange(min(times.min() for times in channels), max(times.max() for times in channels) + 0.02, 0.02)
    return np.array([np.histogram(times, bins=edges)[0] for times in channels]).astype(np.uint8)


PLAIN = {'a loop over cells with h5py, then `np.histogram` for each channel': histograms}
