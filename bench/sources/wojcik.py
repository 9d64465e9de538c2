"A session of Wojcik: 400 trials x 35 neurons x 3500 ms, 392 MB of rates."
import numpy as np

FILE = 'm1_ses1/Wom20200910_Spikes_preprocessed.npy'


def make(path):
    rng = np.random.default_rng(0)
    rates = np.lib.format.open_memmap(path, mode='w+', dtype=np.float64, shape=(400, 35, 3500))
    for trial in range(400): rates[trial] = 1.5*rng.standard_exponential((35, 3500), dtype=np.float32)*rng.lognormal(1, 1, (35, 1))
    rates.flush()


def loop(path):
    rates = np.load(path)
    n_trials, n_units, n_ms = rates.shape
    trials = []
    for trial in range(n_trials):
        counts = np.zeros((n_units, n_ms//20), dtype=np.uint8)
        for k in range(n_ms//20): counts[:, k] = np.ceil(0.02*rates[trial, :, k*20:(k + 1)*20].mean(axis=1))
        trials.append(counts)
    return np.concatenate(trials, axis=1)


def whole(path):
    rates = np.load(path)
    n_trials, n_units, n_ms = rates.shape
    counts = np.ceil(0.02*rates[:, :, :n_ms//20*20].reshape(n_trials, n_units, -1, 20).mean(axis=-1)).astype(np.uint8)
    return counts.transpose(1, 0, 2).reshape(n_units, -1)


PLAIN = {'a Python loop over trials and bins': loop, 'the whole array loaded, then numpy over all of it': whole}
