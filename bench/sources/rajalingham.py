"Perle's file of Rajalingham: 1,552 neurons x 79 conditions x 100 bins, four times."
import numpy as np

FILE = 'data/perle/perle_hand_dmfc_dataset_50ms.mat'


def make(path):
    from scipy.io import savemat
    rates = np.random.default_rng(0).poisson(5, (1552, 79, 100))/500
    rates[:, :, 70:] = np.nan
    names = ('neural_responses', 'neural_responses_sh1', 'neural_responses_sh2', 'neural_responses_reliable')
    savemat(path, {name: dict(occ=rates) for name in names})


def whole(path):
    from scipy.io import loadmat
    rates = np.nan_to_num(loadmat(path)['neural_responses_reliable'][0, 0][0])
    return np.round(50*rates).reshape(len(rates), -1).astype(np.uint8)


PLAIN = {'`loadmat` of the whole file, then `nan_to_num` and `round`': whole}
