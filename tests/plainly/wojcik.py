"Wojcik the plain way: one trial, one neuron, one bin at a time."
from math import floor

import numpy as np


def published(path):
    rates = np.load(path)
    n_trials, n_units, n_ms = rates.shape
    counts = np.zeros((n_units, n_trials*(n_ms//20)), dtype=np.uint8)
    for unit in range(n_units):
        counts[unit] = [int(np.ceil(0.02*rates[trial, unit, k*20:(k + 1)*20].mean())) % 256 for trial in range(n_trials) for k in range(n_ms//20)]
    return counts


def default(path):
    rates = np.load(path).astype(float)
    n_trials, n_units, n_ms = rates.shape
    counts = np.zeros((n_units, n_trials, n_ms//20), dtype=np.uint8)
    for trial in range(n_trials):
        for unit in range(n_units):
            total = before = 0
            for k in range(n_ms//20):
                total += rates[trial, unit, k*20:(k + 1)*20].sum()/1000
                counts[unit, trial, k] = min(floor(total + 0.5) - before, 255)
                before = floor(total + 0.5)
    return counts.reshape(n_units, -1)


def ids(path, published): return path.parent.name if published else path.name[:3], path.stem


def another(path, number): return path.parent.with_name(f'm1_ses{number + 1}')/f'Wom2020091{number}_Spikes_preprocessed.npy'


def change(path, function): np.save(path, function(np.load(path)))


def silence(path): change(path, lambda rates: rates*(np.arange(rates.shape[1]) != 0)[:, None])


def with_value(value):
    def function(rates):
        rates[3, 2, 1000] = value
        return rates
    return lambda path: change(path, function)


DAMAGES = { # what is done to a raw file -> what the error says
    'missing': (lambda path: change(path, lambda rates: rates[:, 0]), 'an array of numbers with 3 dimensions; found float64 of shape (24, 3500)'),
    'type': (lambda path: change(path, lambda rates: rates.astype(np.int32)), 'rates as floats, trials x units x milliseconds, with at least one bin of 20 ms; found int32'),
    'text': (lambda path: change(path, lambda rates: rates[:, :, :4].astype('U8')), 'found <U8'),
    'orientation': (lambda path: change(path, lambda rates: rates.transpose(2, 1, 0)), 'The milliseconds come last, and are the most.'),
    'empty': (lambda path: change(path, lambda rates: rates[:0]), 'found float64 of shape (0, 12, 3500)'),
    'nan': (with_value(np.nan), 'finite rates of 0 or more, Hz; found nan in trial 3, unit 2, at 1000 ms'),
    'infinite': (with_value(np.inf), 'found inf in trial 3, unit 2'),
    'negative': (with_value(-0.5), 'found -0.5 in trial 3, unit 2, at 1000 ms'),
}
