"Rajalingham the plain way: one condition after the other."
import numpy as np
from scipy.io import loadmat, savemat


def rounded(rates):
    counts = [[0 if np.isnan(rate) else round(50*rate) for condition in neuron for rate in condition] for neuron in rates]
    return np.array(counts).astype(np.uint8)


def published(path): return rounded(loadmat(path)['neural_responses_reliable'][0, 0][0])


def default(path): return rounded(loadmat(path)['neural_responses_reliable'][0, 0]['occ'])


def ids(path, published): return ('Mahler', 'M_0') if path.name.startswith('mahler') else ('Perle', 'P_0')


def put(path, change):
    "Write a file whose struct has the changed rates."
    rates = loadmat(path)['neural_responses_reliable'][0, 0]['occ']
    savemat(path, dict(neural_responses_reliable=change(rates)))


def with_value(value, where):
    "A struct whose field `occ` has one value changed."
    def change(rates):
        rates[where] = value
        return dict(occ=rates)
    return change


def silence(path): put(path, with_value(0, np.s_[0, :, :-1]))


DAMAGES = { # what is done to a raw file -> what the error says
    'missing': (lambda path: savemat(path, dict(masks=1.0)), 'expected a variable `neural_responses_reliable`; found only masks'),
    'field': (lambda path: put(path, lambda rates: dict(vis=rates)), 'with a field `occ`; found fields vis'),
    'type': (lambda path: put(path, lambda rates: rates), '`neural_responses_reliable` as a struct'),
    'text': (lambda path: put(path, lambda rates: dict(occ='no numbers')), 'rates of neurons x 79 conditions x 100 bins'),
    'orientation': (lambda path: put(path, lambda rates: dict(occ=rates.transpose(0, 2, 1))), 'rates of neurons x 79 conditions x 100 bins'),
    'nan': (lambda path: put(path, with_value(np.nan, ...)), 'nothing but NaN'),
    'infinity': (lambda path: put(path, with_value(np.inf, (1, 2, 3))), 'found inf in neuron 1, condition 2, bin 3'),
    'negative': (lambda path: put(path, with_value(-0.01, (1, 2, 3))), 'found -0.01 in neuron 1, condition 2, bin 3'),
}
