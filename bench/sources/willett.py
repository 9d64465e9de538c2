"A session of Willett: 220,000 bins x 256 channels, four thresholds and the band power beside them."
import numpy as np

FILE = 'sentences/t12.2022.06.16_sentences.mat'


def make(path):
    from scipy.io import savemat
    rng = np.random.default_rng(0)
    n_bins = 220_000
    tx1 = (rng.random((n_bins, 256), dtype=np.float32) < 0.3).astype(np.uint8)
    matrices = {f'tx{number}': tx1 for number in range(1, 5)}
    savemat(path, matrices | dict(spikePow=rng.random((n_bins, 256), dtype=np.float32), blockNum=np.repeat(np.arange(20), 11_000)[:, None]), do_compression=True)


def whole(path):
    from scipy.io import loadmat
    return loadmat(path)['tx1'].T


PLAIN = {'`loadmat` of the whole file, then the transpose': whole}
