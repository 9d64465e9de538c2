"An animal of Papale: 1024 electrodes, 150 trials of 300 ms, 369 MB."
import numpy as np

FILE = 'monkeyF/THINGS_MUA_trials.mat'


def make(path):
    from neuralpile.formats import save_mat73
    rng = np.random.default_rng(0)
    save_mat73(path, dict(ALLMUA=rng.gamma(2, 1, (1024, 150, 300)), ALLMAT=np.ones((150, 6)), tb=np.arange(-100.0, 200.0)))


def whole(path):
    import h5py
    with h5py.File(path) as file: envelope = file['ALLMUA'][:]
    above = np.sign(envelope - (envelope.mean(axis=0) + 3.5*envelope.std(axis=0)))
    falls = np.diff(above, axis=0, append=above[-1:]) < 0
    counts = falls.reshape(15, 20, *falls.shape[1:]).sum(axis=1)
    return counts.reshape(-1, counts.shape[2]).T.astype(np.uint8)


PLAIN = {'the whole file loaded, then numpy over all of it': whole}
