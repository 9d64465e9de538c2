"Papale the plain way: one trial and electrode at a time, over the loaded file."
import h5py
import numpy as np
from plain import put


def crossings(path):
    "Electrodes x trials x bins."
    with h5py.File(path) as file: envelope = file['ALLMUA'][:].astype(np.float64)
    counts = np.zeros((envelope.shape[2], envelope.shape[1], 15), dtype=np.uint8)
    mean, deviation = envelope.mean(axis=0), envelope.std(axis=0)
    for electrode in range(counts.shape[0]):
        for trial in range(counts.shape[1]):
            threshold = mean[trial, electrode] + 3.5*deviation[trial, electrode]
            samples = envelope[:, trial, electrode]
            for i in range(299):
                if samples[i] > threshold >= samples[i + 1]: counts[electrode, trial, i//20] += 1
    return counts


def default(path):
    counts = crossings(path)
    return counts.reshape(len(counts), -1)


def published(path):
    counts = crossings(path)
    return np.array([[trial[k] for k in range(15) for trial in electrode] for electrode in counts], dtype=np.uint8)


def ids(path, published):
    letter = path.parent.name[-1]
    return f'monkey_{letter}', f'{letter}_0'


def another(path, number): return path.parent.parent/f'monkey{"ABCDE"[number]}'/path.name


def silence(path): put(path, 'ALLMUA', lambda envelope: np.where(np.arange(envelope.shape[2]) == 0, 1.0, envelope))


def with_nan(envelope):
    envelope[7, 5, 2] = np.nan
    return envelope


DAMAGES = {
    'missing': (lambda path: put(path, 'ALLMUA', None), 'expected `ALLMUA`; found no such member'),
    'type': (lambda path: put(path, 'ALLMUA', lambda envelope: envelope.astype('S4')), '`ALLMUA` as numbers of shape (300, trials, electrodes)'),
    'orientation': (lambda path: put(path, 'ALLMUA', lambda envelope: envelope.T), 'Is it turned?'),
    'nan': (lambda path: put(path, 'ALLMUA', with_nan), 'NaN or infinity in trial 5, electrode 2, which has numbers in other trials'),
}
EXEMPT = {'negative': 'an envelope may be below zero, a count made of it cannot'}
