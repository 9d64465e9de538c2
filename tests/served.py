"A source's sample as its archive would hold it, served on this machine."
import shutil
import tarfile
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

from neuralpile.source import Dandi, Dryad, Gin, Osf, Zenodo, sample_folder
from servers import DandiServer, DryadServer, GinServer, OsfServer, ZenodoServer

NAMES = {Dandi: 'DANDI', Dryad: 'DRYAD', Zenodo: 'ZENODO', Osf: 'OSF', Gin: 'GIN'}
SECRETS = dict(DRYAD_TOKEN='dryad-token', DRYAD_CLIENT_ID='', DRYAD_CLIENT_SECRET='', DANDI_API_KEY='', OSF_TOKEN='')


def as_archived(source, folder):
    "The sample in the form its archive holds it: without the note that it is one, and packed where the archive packs."
    shutil.copytree(sample_folder(source), folder)
    (Path(folder)/'SIMULATED.txt').unlink()
    if source.key == 'card': zip_up(folder, 't15_copyTask_neuralData.zip', ['hdf5_data_final'])
    if source.key == 'rajalingham': zip_up(folder, 'MentalPong.zip', ['data'])
    if source.key == 'wojcik':
        for day in sorted(path.name for path in folder.iterdir()): zip_up(folder, f'{day}.zip', [day])
    if source.key == 'willett':
        for part in ('diagnosticBlocks', 'sentences', 'tuningTasks', 'competitionData', 'derived'):
            with tarfile.open(folder/f'{part}.tar.gz', 'w:gz') as packed: packed.add(folder/part, part)
            shutil.rmtree(folder/part)
    return folder


def zip_up(folder, name, parts):
    "Put folders into a zip file as a Mac does it, with its own files beside."
    with zipfile.ZipFile(folder/name, 'w', zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(path for part in parts for path in (folder/part).rglob('*') if path.is_file()):
            packed.write(path, path.relative_to(folder).as_posix())
            packed.writestr(f'__MACOSX/{path.parent.relative_to(folder).as_posix()}/._{path.name}', b'of no use')
    for part in parts: shutil.rmtree(folder/part)


def server_of(source, folder, **options):
    "The server of a source's archive."
    archive = source.archive
    if isinstance(archive, Dandi): return DandiServer(folder, archive.id, archive.version, **options)
    if isinstance(archive, Zenodo): return ZenodoServer(folder, archive.id, archive.version, **options)
    if isinstance(archive, Dryad): return DryadServer(folder, archive.id, **options)
    return (OsfServer if isinstance(archive, Osf) else GinServer)(folder, archive.id, **options)


def wait_for(condition, seconds=60):
    "Wait until something is so."
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@contextmanager
def served(source, folder, monkeypatch, **options):
    "The server, with the environment leading to it."
    with server_of(source, folder, **options) as server:
        monkeypatch.setenv(f'NEURALPILE_{NAMES[type(source.archive)]}_URL', server.url)
        for name, value in SECRETS.items(): monkeypatch.setenv(name, value)
        yield server
    assert not server.errors
