"Fetching over bad networks, from archives that change, onto small disks; served on this machine."
import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from neuralpile import archive, formats
from neuralpile.archive import LOCK, FetchFailed, LockFile, arrivals, fetch, plan, wanted
from neuralpile.counts import DataError
from neuralpile.source import Dandi, Dryad, Gin, Osf, Source, Zenodo, find_source
from served import served, wait_for
from servers import Close, Forever, IgnoreRange, Reset, Slow, Stall, Status, Truncate, Wrong

SIZES = {'sub-A/a.nwb': 300_000, 'sub-A/b.nwb': 1_000, 'sub-B/c.nwb': 500_000}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    "Waits of milliseconds instead of seconds."
    monkeypatch.setattr(formats, 'PAUSE', 0.002)
    for cached in (formats.web, archive._dryad_token): cached.cache_clear()
    yield
    for cached in (formats.web, archive._dryad_token): cached.cache_clear()


def source_in(archive, **options):
    "A source whose files are bytes; nothing here reads them."
    return Source(**dict(key='toy', name='Toy', read=None, write_sample=None, archive=archive, files='*.nwb') | options)


TOY = source_in(Dandi('000001', version='0.1'))
OTHERS = [Zenodo('77'), Dryad('10.5061/dryad.toy'), Osf('abc12'), Gin('lab/toy')]


def fill(folder, sizes=SIZES, seed=0):
    "Files of random bytes."
    rng = np.random.default_rng(seed)
    for name, size in sizes.items():
        (folder/name).parent.mkdir(parents=True, exist_ok=True)
        (folder/name).write_bytes(rng.bytes(size))
    return folder


def here(folder): return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob('*')) if path.is_file() and not path.name.startswith('.') and path.name != LOCK}


@pytest.fixture
def toy(tmp_path, monkeypatch):
    with served(TOY, fill(tmp_path/'archive'), monkeypatch) as server: yield server


def whole(server, folder): assert here(folder) == here(server.folder)


FAULTS = {
    'a reset before the answer': [Reset()], 'a reset in the body': [Reset(after=100_000)], 'several resets': [Reset(after=50_000), Reset(), Reset(after=100)],
    'a connection closed in the body': [Close(after=200_000)], 'a body that ends too early, as if whole': [Truncate(to=100_000)], 'wrong bytes of the right length': [Wrong()],
    'busy, with a time to wait': [Status(429, retry_after=1)], 'busy, without': [Status(429)], 'broken for a while': [Status(500), Status(502), Status(503), Status(504)],
    'a range that is not heeded': [Reset(after=100_000), IgnoreRange()], 'all of them': [Reset(after=30_000), Status(500), Truncate(to=60_000), Wrong(), Close(after=1_000)]}


@pytest.mark.parametrize('faults', FAULTS.values(), ids=FAULTS)
def test_a_fault_is_survived(toy, tmp_path, faults):
    toy.faults['sub-B/c.nwb'] = list(faults)
    began = time.monotonic()
    fetch(TOY, tmp_path/'raw')
    assert len(toy.met) == len(faults)
    whole(toy, tmp_path/'raw')
    if faults == [Status(429, retry_after=1)]: assert time.monotonic() - began >= 1
    spent = toy.sent_of['sub-B/c.nwb']
    if not {Wrong, IgnoreRange, Truncate} & set(map(type, faults)): assert spent == 500_000, 'no byte was sent twice'
    toy.sent = 0
    fetch(TOY, tmp_path/'raw')
    assert toy.sent == 0


def test_a_server_that_says_nothing_is_left_and_asked_again(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(formats.ask, '__defaults__', (0.3,))
    toy.faults['sub-A/a.nwb'] = [Stall(5, after=1_000), Stall(5)]
    fetch(TOY, tmp_path/'raw')
    whole(toy, tmp_path/'raw')


ENDS = {'wrong bytes each time': (Forever(Wrong()), 'expected (sha256|dandi-etag) [0-9a-f]+.*; found'), 'not there': (Forever(Status(404)), 'found 404'), 'forbidden': (Forever(Status(403)), 'found 403'),
    'broken for good': (Forever(Status(500)), 'found 500'), 'too short each time': (Forever(Truncate(to=0)), '500000 bytes; found 0, then 8 times nothing'), 'resets for good': (Forever(Reset()), 'expected an answer|times nothing')}


@pytest.mark.parametrize('fault, says', ENDS.values(), ids=ENDS)
def test_a_fault_that_stays_costs_its_file_only(toy, tmp_path, fault, says):
    toy.faults['sub-B/c.nwb'] = fault
    with pytest.raises(FetchFailed, match='(?s)1 files did not come, 2 are there.*toy: sub-B/c.nwb: .*' + says): fetch(TOY, tmp_path/'raw')
    assert sorted(here(tmp_path/'raw')) == ['sub-A/a.nwb', 'sub-A/b.nwb']
    toy.faults.clear()
    toy.sent = 0
    fetch(TOY, tmp_path/'raw')
    whole(toy, tmp_path/'raw')
    assert toy.sent == 500_000, 'only what was missing'


def test_what_came_before_a_failure_is_not_sent_again(toy, tmp_path):
    toy.faults['sub-B/c.nwb'] = [Reset(after=400_000), Forever(Status(404))]
    with pytest.raises(FetchFailed): fetch(TOY, tmp_path/'raw')
    toy.faults.clear()
    toy.sent = 0
    fetch(TOY, tmp_path/'raw')
    assert toy.sent == 100_000
    whole(toy, tmp_path/'raw')


def test_a_file_that_is_there_and_wrong_is_fetched_again(toy, tmp_path):
    fetch(TOY, tmp_path/'raw')
    content = bytearray((tmp_path/'raw'/'sub-A'/'a.nwb').read_bytes())
    content[77] ^= 1
    (tmp_path/'raw'/'sub-A'/'a.nwb').write_bytes(content)
    (tmp_path/'raw'/'sub-A'/'b.nwb').write_bytes(b'short')
    (tmp_path/'raw'/'sub-B'/'c.nwb').write_bytes((toy.folder/'sub-B'/'c.nwb').read_bytes()[:450_000])
    toy.sent = 0
    fetch(TOY, tmp_path/'raw')
    whole(toy, tmp_path/'raw')
    assert toy.sent_of == {'sub-A/a.nwb': 300_000, 'sub-A/b.nwb': 995 + 1_000, 'sub-B/c.nwb': 50_000}, 'what was only begun is finished'
    assert not list((tmp_path/'raw').rglob('.*.part'))


@pytest.mark.parametrize('archive', OTHERS, ids=lambda archive: archive.label)
def test_every_archive_is_fetched_from_and_goes_on_where_it_stopped(tmp_path, monkeypatch, archive):
    source = source_in(archive)
    names = [name for name in SIZES] if isinstance(archive, (Osf, Gin)) else ['a.nwb', 'b.nwb', 'c.nwb']
    with served(source, fill(tmp_path/'archive', dict(zip(names, SIZES.values()))), monkeypatch) as server:
        server.faults[f'*{names[2][-5:]}'] = [Reset(after=200_000), Status(503)]
        fetch(source, tmp_path/'raw')
        whole(server, tmp_path/'raw')
        entry = LockFile.read(tmp_path/'raw').files[names[2]]
        assert entry['size'] == 500_000 and entry['digest'] and entry['sha256'] and entry['asset_id'] and entry['fetched']
        assert server.sent == 801_000 + (200_000 if isinstance(archive, Gin) else 0), 'GIN alone sends from the beginning'
        server.sent = 0
        fetch(source, tmp_path/'raw')
        assert server.sent == 0


@pytest.mark.parametrize('archive', [Dandi('000001', version='0.1'), *OTHERS], ids=lambda archive: archive.label)
def test_a_listing_that_fails_is_an_error_with_its_source(tmp_path, monkeypatch, archive):
    import dandi.dandiapi
    monkeypatch.setattr(dandi.dandiapi, 'REQUEST_RETRIES', 1)
    source = source_in(archive)
    with served(source, fill(tmp_path/'archive', {'a.nwb': 10}), monkeypatch) as server:
        server.faults['/*'] = Forever(Status(404))
        with pytest.raises(DataError, match='^toy: '): fetch(source, tmp_path/'raw')
        server.faults['/*'] = Forever(Status(500))
        with pytest.raises(DataError, match='^toy: '): plan(source, online=True)
    with pytest.raises(DataError, match='^toy: '): plan(source, online=True)
    assert not here(tmp_path/'raw')


def test_an_answer_in_another_form_is_an_error(tmp_path, monkeypatch):
    source = source_in(Zenodo('77'))
    with served(source, fill(tmp_path/'archive', {'a.nwb': 10}), monkeypatch) as server:
        monkeypatch.setattr(server, 'record_json', lambda: dict(id=77, files=[dict(name='a.nwb')]))
        with pytest.raises(DataError, match='toy: expected a listing in the form that Zenodo documents; found KeyError'): fetch(source, tmp_path/'raw')


def test_wrong_credentials_end_the_fetch_at_once(tmp_path, monkeypatch):
    source = source_in(Dryad('10.5061/dryad.toy'))
    with served(source, fill(tmp_path/'archive', {f'{i}.nwb': 1_000 for i in range(9)}), monkeypatch) as server:
        monkeypatch.setenv('DRYAD_TOKEN', '')
        with pytest.raises(DataError, match=r'toy: 0.nwb: expected an answer .* 401 .*Set DRYAD_CLIENT_ID and DRYAD_CLIENT_SECRET, or DRYAD_TOKEN'): fetch(source, tmp_path/'raw', connections=1)
        assert len([path for _, path, _ in server.requests if path.endswith('/download')]) < 5
        assert 'needs an account' in ' '.join(plan(source).remarks())
        listing, assets, _ = wanted(source)
        assert len(assets) == 9, 'anyone may list'
        shutil.copytree(tmp_path/'archive', tmp_path/'raw', dirs_exist_ok=True)
        fetch(source, tmp_path/'raw')
        assert server.sent == 0, 'files that were fetched by hand are taken, and verified'


def test_an_expired_token_lists_as_anyone_and_says_so(tmp_path, monkeypatch, capsys):
    source = source_in(Dryad('10.5061/dryad.toy'))
    with served(source, fill(tmp_path/'archive', {'a.nwb': 1_000}), monkeypatch) as server:
        monkeypatch.setenv('DRYAD_TOKEN', 'of-yesterday')
        assert any('may have expired' in note for note in plan(source, online=True, speed=1e6).notes)
        with pytest.raises(DataError, match='401'): fetch(source, tmp_path/'raw')
        assert 'may have expired' in ''.join(capsys.readouterr())


def test_an_account_gets_tokens_and_renews_them(tmp_path, monkeypatch):
    source = source_in(Dryad('10.5061/dryad.toy'))
    with served(source, fill(tmp_path/'archive', {'a.nwb': 1_000, 'b.nwb': 2_000}), monkeypatch, token=None) as server:
        for name, value in dict(DRYAD_TOKEN='', DRYAD_CLIENT_ID='id', DRYAD_CLIENT_SECRET='secret').items(): monkeypatch.setenv(name, value)
        fetch(source, tmp_path/'raw', n_assets=1)
        server.expire_tokens()
        fetch(source, tmp_path/'raw')
        whole(server, tmp_path/'raw')
        kept = b''.join(path.read_bytes() for path in (tmp_path/'raw').rglob('*') if path.is_file() and path.suffix != '.nwb')
        assert b'secret' not in kept and not any(token.encode() in kept for token in server.tokens)
        assert not any(headers.get('Authorization') for method, path, headers in server.requests if 'X-Amz' in path), 'a token is not sent on to other hosts'


def test_a_version_that_is_pinned_by_its_day(tmp_path, monkeypatch):
    folder = fill(tmp_path/'archive', {'a.nwb': 1_000, 'b.nwb': 2_000})
    with served(source_in(Dryad('10.5061/dryad.toy')), folder, monkeypatch, older=[['b.nwb']], page_size=1, digests={'a*': 'sha-256', 'b*': None}):
        def listed(version): return wanted(source_in(Dryad('10.5061/dryad.toy', version=version)))
        assert [asset.path for asset in listed('2022-01-01')[1]] == ['a.nwb'] and not listed('2022-01-01')[0].notes
        listing, (first, second), _ = listed('2022-02-01')
        assert first.digest.startswith('sha256:') and not second.digests
        assert 'no version of 2020-12-24; the newest is of 2022-02-01' in listed('2020-12-24')[0].notes
        fetch(source_in(Dryad('10.5061/dryad.toy', version='2022-02-01')), tmp_path/'raw')
        assert LockFile.read(tmp_path/'raw').files['b.nwb']['sha256']


def test_components_and_folders_of_osf(tmp_path, monkeypatch):
    source = source_in(Osf('abc12'))
    part = fill(tmp_path/'part', {'deep/er/z.nwb': 50, **{f'n{i:02}.nwb': 10 + i for i in range(25)}})
    with served(source, fill(tmp_path/'archive'), monkeypatch, children={'def34': part}):
        _, assets, _ = wanted(source)
        assert len(assets) == 3 + 26 and sum(asset.path.endswith('deep/er/z.nwb') for asset in assets) == 1
        assert {asset.digest.partition(':')[0] for asset in assets} == {'sha256'}


@pytest.mark.parametrize('options', [dict(), dict(backend='SHA256E'), dict(backend='MD5E', unlocked=('sub-B/*',)), dict(large=10**9)], ids=str)
def test_the_kinds_of_files_in_gin(tmp_path, monkeypatch, options):
    source = source_in(Gin('lab/toy'))
    with served(source, fill(tmp_path/'archive'), monkeypatch, **options) as server:
        listing, assets, _ = wanted(source)
        assert len(listing.version) == 40 and [asset.size for asset in assets] == list(SIZES.values())
        fetch(source, tmp_path/'raw')
        whole(server, tmp_path/'raw')
        pinned = source_in(Gin('lab/toy', version=listing.version))
        fill(tmp_path/'archive', seed=5)
        server.commit()
        assert [asset.digest for asset in wanted(pinned)[1]] == [asset.digest for asset in assets], 'a commit pins all'
        with pytest.raises(DataError, match='3 changed'): fetch(source, tmp_path/'raw')


def test_a_draft_that_changed_says_what(tmp_path, monkeypatch):
    source = source_in(Dandi('000001'))
    folder = fill(tmp_path/'archive')
    with served(source, folder, monkeypatch) as server:
        fetch(source, tmp_path/'raw', n_assets=1)
        before = here(tmp_path/'raw')
        fill(folder, {'sub-A/a.nwb': 300_000, 'sub-C/d.nwb': 10}, seed=3)
        (folder/'sub-A'/'b.nwb').unlink()
        server.sent = 0
        with pytest.raises(DataError, match=r'toy: expected what dandi:000001/draft held on 20\d\d-\d\d-\d\d; found 1 changed: sub-A/a.nwb; 1 new: sub-C/d.nwb; 1 gone: sub-A/b.nwb\. .*--update'): fetch(source, tmp_path/'raw')
        assert server.sent == 0 and here(tmp_path/'raw') == before
        fetch(source, tmp_path/'raw', update=True)
        whole(server, tmp_path/'raw')
        assert set(LockFile.read(tmp_path/'raw').files) == set(here(folder))
        fetch(source, tmp_path/'raw')


def test_new_identifiers_of_the_same_bytes_are_no_change(toy, tmp_path):
    fetch(TOY, tmp_path/'raw')
    record = json.loads((tmp_path/'raw'/LOCK).read_text())
    for entry in record['files'].values(): entry['asset_id'] = 'another'
    record['files']['sub-A/a.nwb']['digest'] = 'dandi-etag:0123456789abcdef0123456789abcdef-1' # what the archive knew before it had computed the other
    (tmp_path/'raw'/LOCK).write_text(json.dumps(record))
    toy.sent = 0
    fetch(TOY, tmp_path/'raw')
    assert toy.sent == 0 and LockFile.read(tmp_path/'raw').files['sub-A/a.nwb']['asset_id'] != 'another'


def test_a_folder_is_of_one_source(toy, tmp_path):
    fetch(TOY, tmp_path/'raw')
    with pytest.raises(DataError, match='other: expected a folder of other; found one of toy'): fetch(replace(TOY, key='other'), tmp_path/'raw')
    (tmp_path/'raw'/LOCK).write_text('{"half": ')
    with pytest.raises(DataError, match='expected a lock file in JSON'): fetch(TOY, tmp_path/'raw')


def fetcher(server, raw, *options, **environment):
    "A fetch in a process of its own."
    code = f'''
import os, sys, resource
from neuralpile import archive, formats
from neuralpile.source import Dandi, Source
if limit := os.environ.get('LARGEST_FILE'): resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
source = Source(key='toy', name='Toy', read=None, write_sample=None, archive=Dandi('000001', version='0.1'), files='*.nwb')
archive.fetch(source, {str(raw)!r}, connections=1)
'''
    return subprocess.Popen([sys.executable, '-c', code], env=os.environ | dict(NEURALPILE_DANDI_URL=server.url, **environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_kill_9_in_the_middle(toy, tmp_path):
    toy.faults['sub-B/c.nwb'] = [Slow(200_000)]
    process = fetcher(toy, tmp_path/'raw')
    wait_for(lambda: toy.sent_of['sub-B/c.nwb'] > 100_000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert sorted(here(tmp_path/'raw')) == ['sub-A/a.nwb', 'sub-A/b.nwb'], 'nothing half stands under a final name'
    (part,) = [path for path in (tmp_path/'raw').rglob('.*.part')]
    kept = part.stat().st_size
    assert kept > 0
    toy.faults.clear()
    toy.sent = 0
    fetch(TOY, tmp_path/'raw')
    assert toy.spans == [('sub-B/c.nwb', kept, 500_000)], 'only what was missing is asked for'
    whole(toy, tmp_path/'raw')
    assert not list((tmp_path/'raw').rglob('.*.part'))


def test_two_fetches_at_once(toy, tmp_path):
    toy.faults['sub-A/a.nwb'] = [Slow(100_000)]
    process = fetcher(toy, tmp_path/'raw')
    wait_for(lambda: toy.sent_of['sub-A/a.nwb'] > 10_000)
    with pytest.raises(DataError, match='toy: expected a folder that nobody else fetches into'): fetch(TOY, tmp_path/'raw')
    assert process.wait() == 0
    whole(toy, tmp_path/'raw')
    assert toy.sent == 801_000


def test_a_disk_that_fills_up(toy, tmp_path):
    process = fetcher(toy, tmp_path/'raw', LARGEST_FILE='320000') # the kernel refuses to let any file grow beyond
    told, _ = process.communicate()
    assert process.returncode and 'expected room for sub-B/c.nwb' in told and 'make room' in told
    assert sorted(here(tmp_path/'raw')) == ['sub-A/a.nwb', 'sub-A/b.nwb']
    toy.sent = 0
    fetch(TOY, tmp_path/'raw')
    whole(toy, tmp_path/'raw')
    assert toy.sent == 500_000 - 320_000


def test_a_disk_that_is_too_small_is_seen_before(toy, tmp_path, monkeypatch):
    free = shutil.disk_usage(tmp_path)._replace(free=600_000)
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: free)
    with pytest.raises(DataError, match='toy: expected 0.000801 GB of room in raw; found 0.0006 GB.*--keep-raw no'): fetch(TOY, tmp_path/'raw')
    assert toy.sent == 0
    assert [len(arrival.paths) for arrival in arrivals(TOY, tmp_path/'raw', keep=False)] == [1, 1, 1], 'file by file there is room'


def test_a_folder_that_can_not_be_written(toy, tmp_path):
    (tmp_path/'raw').write_text('a file in its place')
    with pytest.raises(OSError): fetch(TOY, tmp_path/'raw')
    assert toy.sent == 0


def test_files_pass_through_without_being_kept(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, 'AHEAD', 400_000)
    most = 0
    for arrival in arrivals(TOY, tmp_path/'raw', keep=False):
        assert arrival.paths[0].read_bytes() == (toy.folder/arrival.asset.path).read_bytes()
        time.sleep(0.2)
        most = max(most, sum(path.stat().st_size for path in (tmp_path/'raw').rglob('*') if path.is_file() and 'nwb' in path.name))
    assert most <= 500_000 and not here(tmp_path/'raw')


PACKED = source_in(Zenodo('77'), files='*.npy', packed=('*.zip', '*.tar.gz'))


def packed_in(folder, name, members):
    "A zip or tar file of (name, content or tar member)."
    folder.mkdir(exist_ok=True)
    if name.endswith('.zip'):
        with zipfile.ZipFile(folder/name, 'w', zipfile.ZIP_DEFLATED) as packed:
            for member, content in members: packed.writestr(member, content)
    else:
        with tarfile.open(folder/name, 'w:gz') as packed:
            for member, content in members:
                info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
                if not info.linkname: info.size = len(content)
                packed.addfile(info, io.BytesIO(content))
    return folder


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_link():
    info = zipfile.ZipInfo('link.npy')
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info


@pytest.mark.parametrize('name', ['day.zip', 'day.tar.gz'])
def test_packed_files_are_unpacked_once_and_can_be_put_there_by_hand(tmp_path, monkeypatch, name):
    folder = packed_in(tmp_path/'archive', name, [('day/a.npy', b'a'*50_000), ('b/b.npy', b'b'*60_000), ('notes.txt', b'no')])
    with served(PACKED, folder, monkeypatch) as server:
        paths = fetch(PACKED, tmp_path/'raw')
        assert [path.relative_to(tmp_path/'raw').as_posix() for path in paths] == ['day/a.npy', 'day/b/b.npy']
        assert here(tmp_path/'raw') == {'day/a.npy': b'a'*50_000, 'day/b/b.npy': b'b'*60_000}
        server.sent = 0
        fetch(PACKED, tmp_path/'raw')
        assert server.sent == 0
        (tmp_path/'raw'/'day'/'a.npy').write_bytes(b'x'*50_000)
        fetch(PACKED, tmp_path/'raw')
        assert server.sent == (folder/name).stat().st_size and here(tmp_path/'raw')['day/a.npy'] == b'a'*50_000
        (tmp_path/'hand').mkdir()
        shutil.copy(folder/name, tmp_path/'hand'/name)
        server.sent = 0
        assert len(fetch(PACKED, tmp_path/'hand')) == 2 and server.sent == 0 and (tmp_path/'hand'/name).exists()
        assert len(PACKED.raw_files(tmp_path/'hand')) == 2
        (tmp_path/'bad').mkdir()
        (tmp_path/'bad'/name).write_bytes(b'half')
        with pytest.raises(FetchFailed, match=f'{name}: expected .* bytes; found 4'): fetch(PACKED, tmp_path/'bad')
        assert (tmp_path/'bad'/name).exists(), 'what someone put there is not removed'


UNSAFE = {'a path upwards': ('day.zip', [('../../up.npy', b'1')]), 'an absolute path': ('day.zip', [('/tmp/neuralpile-unsafe.npy', b'1')]), 'a path upwards in a tar file': ('day.tar.gz', [('a/../../up.npy', b'1')]),
    'a link': ('day.tar.gz', [(link('a.npy', '/etc/passwd'), b'')]), 'a hard link': ('day.tar.gz', [(link('a.npy', '../../x', tarfile.LNKTYPE), b'')]), 'a link in a zip file': ('day.zip', [(zip_link(), b'/etc/passwd')]),
    'a device': ('day.tar.gz', [(link('a.npy', '', tarfile.CHRTYPE), b'')]),
    'a backslash': ('day.zip', [('..\\up.npy', b'1')]), 'one name twice': ('day.zip', [('a.npy', b'1'), ('day/a.npy', b'2')]), 'a bomb': ('day.zip', [('a.npy', bytes(60_000_000))]), 'a bomb in a tar file': ('day.tar.gz', [('a.npy', bytes(60_000_000))])}


@pytest.mark.parametrize('name, members', UNSAFE.values(), ids=UNSAFE)
def test_nothing_leaves_the_folder_and_nothing_fills_the_disk(tmp_path, monkeypatch, name, members):
    with served(PACKED, packed_in(tmp_path/'archive', name, members), monkeypatch):
        with pytest.raises(FetchFailed, match=f'toy: {name}: expected '): fetch(PACKED, tmp_path/'raw')
    assert not here(tmp_path/'raw') and not (tmp_path/'up.npy').exists() and not Path('/tmp/neuralpile-unsafe.npy').exists()


def test_a_packed_file_that_is_broken_is_named(tmp_path, monkeypatch):
    for name in ('day.zip', 'day.tar.gz'):
        folder = tmp_path/name
        packed_in(folder, name, [('a.npy', np.random.default_rng(0).bytes(100_000))])
        content = (folder/name).read_bytes()
        (folder/name).write_bytes(content[:60_000])
        with served(PACKED, folder, monkeypatch), pytest.raises(FetchFailed, match=f'toy: {name}: expected a whole zip or tar file'): fetch(PACKED, tmp_path/f'raw-{name}')
        assert not here(tmp_path/f'raw-{name}')


def test_a_path_through_a_link_stays_in_the_folder(tmp_path, monkeypatch):
    folder = packed_in(tmp_path/'archive', 'day.tar.gz', [(link('sub', str(tmp_path)), b''), ('sub/x.npy', b'1'), ('./dots/./y.npy', b'2')])
    with served(PACKED, folder, monkeypatch): fetch(PACKED, tmp_path/'raw')
    assert here(tmp_path/'raw') == {'day/sub/x.npy': b'1', 'day/dots/y.npy': b'2'} and not (tmp_path/'x.npy').exists()


def test_every_byte_of_a_packed_file_counts(tmp_path):
    "Of damage in the middle tarfile says nothing by itself, and takes it for the end."
    from neuralpile.archive import Asset, unpack
    content = np.random.default_rng(0).bytes(200_000)
    folder = packed_in(tmp_path/'archive', 'day.tar.gz', [('a.npy', content), ('b.npy', content)])
    whole = (folder/'day.tar.gz').read_bytes()
    rng, wrong = np.random.default_rng(1), 0
    for place in rng.integers(20, len(whole), 60):
        damaged = bytearray(whole)
        damaged[place] ^= 0xff
        (tmp_path/'day.tar.gz').write_bytes(damaged)
        out = tmp_path/f'{place}'
        out.mkdir()
        try: members = unpack(tmp_path/'day.tar.gz', Asset('day.tar.gz', len(whole), ''), PACKED, out)
        except DataError: continue
        wrong += [(out/member['path']).read_bytes() for member in members] != [content, content]
    assert not wrong


def test_two_files_for_one_place_are_refused(tmp_path, monkeypatch):
    folder = packed_in(tmp_path/'archive', 'day.zip', [('a.npy', b'1')])
    packed_in(folder, 'day.tar.gz', [('a.npy', b'2')])
    with served(PACKED, folder, monkeypatch), pytest.raises(DataError, match='toy: expected one place for each file; found day.* and day.* in the same'): fetch(PACKED, tmp_path/'raw')


UNKNOWN = source_in(Dryad('10.5061/dryad.toy')) # an archive may give no digest


def test_without_a_digest_length_and_what_was_seen_before_tell(tmp_path, monkeypatch):
    folder = fill(tmp_path/'archive', {'a.nwb': 300_000})
    page = b'<html>Please log in</html>'*100
    with served(UNKNOWN, folder, monkeypatch, digests={'*': None}) as server:
        server.faults['a.nwb'] = [Truncate(to=len(page))] # as long as a page would be, and announced so
        fetch(UNKNOWN, tmp_path/'raw')
        whole(server, tmp_path/'raw')
        content = bytearray((tmp_path/'raw'/'a.nwb').read_bytes())
        content[7] ^= 1
        (tmp_path/'raw'/'a.nwb').write_bytes(content)
        fetch(UNKNOWN, tmp_path/'raw')
        whole(server, tmp_path/'raw')
        (tmp_path/'hand').mkdir()
        (tmp_path/'hand'/'a.nwb').write_bytes(page)
        fetch(UNKNOWN, tmp_path/'hand')
        whole(server, tmp_path/'hand')
        (folder/'a.nwb').write_bytes(np.random.default_rng(9).bytes(500_000))
        fetch(UNKNOWN, tmp_path/'raw', update=True)
        whole(server, tmp_path/'raw')


def test_bytes_that_come_packed_are_not_taken(tmp_path, monkeypatch):
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    class Packing(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            for name, value in {'Content-Length': 100, 'Content-Encoding': 'gzip'}.items(): self.send_header(name, value)
            self.end_headers()
            self.wfile.write(bytes(100))
        def log_message(self, *arguments): pass
    server = ThreadingHTTPServer(('127.0.0.1', 0), Packing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(formats.Refused, match='came as gzip'): list(formats.remote_bytes(f'http://127.0.0.1:{server.server_port}/a.nwb', 0, 100, 100))
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize('fault', [Forever(Status(503, retry_after=600)), Forever(Slow(20_000)), Forever(Status(500))], ids=str)
def test_an_interrupt_ends_what_is_on_its_way(toy, tmp_path, monkeypatch, fault):
    toy.faults['sub-B/c.nwb'] = fault
    coming = arrivals(TOY, tmp_path/'raw')
    next(coming)
    time.sleep(0.3)
    began = time.monotonic()
    coming.close()
    assert time.monotonic() - began < 3
    toy.faults.clear()
    fetch(TOY, tmp_path/'raw')
    whole(toy, tmp_path/'raw')


def test_what_was_brought_for_a_while_goes_and_what_was_there_stays(toy, tmp_path):
    (tmp_path/'raw'/'sub-A').mkdir(parents=True)
    shutil.copy(toy.folder/'sub-A'/'a.nwb', tmp_path/'raw'/'sub-A'/'a.nwb')
    coming = arrivals(TOY, tmp_path/'raw', keep=False)
    next(coming), next(coming)
    coming.close()
    assert set(here(tmp_path/'raw')) == {'sub-A/a.nwb'}
    for _ in arrivals(TOY, tmp_path/'raw', keep=False): pass
    assert set(here(tmp_path/'raw')) == {'sub-A/a.nwb'} and not (tmp_path/'raw'/'sub-B').exists()


def test_what_was_unpacked_by_hand_stays(tmp_path, monkeypatch):
    folder = packed_in(tmp_path/'archive', 'day.zip', [('a.npy', b'1'*100), ('b.npy', b'2'*100)])
    (tmp_path/'raw'/'day').mkdir(parents=True)
    (tmp_path/'raw'/'day'/'a.npy').write_bytes(b'1'*100)
    with served(PACKED, folder, monkeypatch):
        assert [len(arrival.paths) for arrival in arrivals(PACKED, tmp_path/'raw', keep=False)] == [2]
    assert set(here(tmp_path/'raw')) == {'day/a.npy'}


def test_a_failed_update_loses_nothing(tmp_path, monkeypatch):
    source = source_in(Dandi('000001'))
    folder = fill(tmp_path/'archive')
    with served(source, folder, monkeypatch) as server:
        fetch(source, tmp_path/'raw')
        old = (tmp_path/'raw'/'sub-A'/'a.nwb').read_bytes()
        fill(folder, {'sub-A/a.nwb': 300_000}, seed=3)
        (folder/'sub-A'/'b.nwb').unlink()
        server.faults['sub-A/a.nwb'] = Forever(Status(404))
        with pytest.raises(FetchFailed): fetch(source, tmp_path/'raw', update=True)
        assert not (tmp_path/'raw'/'sub-A'/'a.nwb').exists()
        assert [path.read_bytes() for path in (tmp_path/'raw'/'sub-A').glob('.a.nwb.*.aside.part')] == [old]
        assert set(here(tmp_path/'raw')) == {'sub-B/c.nwb', '.gone/sub-A/b.nwb'}, 'what the archive no longer holds is out of the way'
        server.faults.clear()
        fetch(source, tmp_path/'raw')
        assert not list((tmp_path/'raw').rglob('.*.part'))


def test_a_password_in_netrc_does_not_take_the_place_of_a_token(tmp_path, monkeypatch):
    (tmp_path/'.netrc').write_text('default login anonymous password x\n')
    (tmp_path/'.netrc').chmod(0o600)
    monkeypatch.setenv('NETRC', str(tmp_path/'.netrc'))
    source = source_in(Dryad('10.5061/dryad.toy'))
    with served(source, fill(tmp_path/'archive', {'a.nwb': 1_000}), monkeypatch) as server:
        fetch(source, tmp_path/'raw')
        assert not any((headers.get('Authorization') or headers.get('authorization') or 'Bearer').startswith('Basic') for _, _, headers in server.requests)


def test_git_is_not_led_astray_by_the_environment(tmp_path, monkeypatch):
    subprocess.run(['git', 'init', '-q', tmp_path/'mine'], check=True)
    before = (tmp_path/'mine'/'.git'/'config').read_bytes()
    source = source_in(Gin('lab/toy'))
    with served(source, fill(tmp_path/'archive'), monkeypatch):
        monkeypatch.setenv('GIT_DIR', str(tmp_path/'mine'/'.git'))
        assert len(wanted(source)[1]) == 3
    assert (tmp_path/'mine'/'.git'/'config').read_bytes() == before and not (tmp_path/'mine'/'.git'/'shallow').exists()


def test_names_as_long_as_a_disk_allows(tmp_path, monkeypatch):
    sizes = {f'{"x"*246}.nwb': 1_000, f'{"x"*245}y.nwb': 2_000, 'a.nwb': 3_000, 'a.nwb.old.nwb': 4_000, 'with #? %20 & ü.nwb': 5_000}
    source = source_in(Osf('abc12'))
    with served(source, fill(tmp_path/'archive', sizes), monkeypatch) as server:
        for name in sizes: server.faults[name.replace('[', '?')] = [Reset(after=500)]
        fetch(source, tmp_path/'raw')
        whole(server, tmp_path/'raw')


@pytest.mark.parametrize('text', ['[]', 'null', '{}', '{"files": {"a": {}}}', '{"files": 3}'])
def test_a_lock_file_that_is_none(toy, tmp_path, text):
    (tmp_path/'raw').mkdir()
    (tmp_path/'raw'/LOCK).write_text(text)
    with pytest.raises(DataError, match='expected a lock file in JSON.*Remove it'): fetch(TOY, tmp_path/'raw')


def test_a_rest_needs_room_for_a_rest_only(toy, tmp_path, monkeypatch):
    toy.faults['sub-B/c.nwb'] = [Reset(after=400_000), Forever(Status(404))]
    with pytest.raises(FetchFailed): fetch(TOY, tmp_path/'raw')
    toy.faults.clear()
    free = shutil.disk_usage(tmp_path)._replace(free=150_000)
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: free)
    fetch(TOY, tmp_path/'raw')
    whole(toy, tmp_path/'raw')


@pytest.mark.parametrize('path', ['../up.nwb', '/abs.nwb', 'a/../../up.nwb'])
def test_a_listing_can_not_lead_out_of_the_folder(tmp_path, monkeypatch, path):
    monkeypatch.setattr(Zenodo, 'listing', lambda self: archive.Listing('', [archive.Asset(path, 5, 'http://127.0.0.1:9/x')]))
    with pytest.raises(DataError, match='expected paths that stay in their folder|found 1 others'): fetch(source_in(Zenodo('77')), tmp_path/'raw')


def test_streaming_moves_little(tmp_path, monkeypatch):
    import h5py
    from neuralpile.formats import read_nwb_units, write_nwb_units
    rng = np.random.default_rng(4)
    trains = [np.sort(rng.uniform(0, 3000, 4_000)) for _ in range(50)]
    path = write_nwb_units(tmp_path/'archive'/'sub-A'/'sub-A_ses-1.nwb', trains)
    spikes = sum(train.nbytes for train in trains)
    with h5py.File(path, 'r+') as file: # behaviour and waveforms, before and after, in chunks and not
        for name, chunks in (('one', None), ('two', (20_000,)), ('three', (100_000,))): file.create_dataset(f'acquisition/{name}', data=rng.random(spikes*19//24), chunks=chunks)
    source = source_in(Dandi('000001', version='0.1'), read=read_nwb_units)
    assert 0.04 < spikes/path.stat().st_size < 0.06
    with served(source, tmp_path/'archive', monkeypatch) as server:
        archive.point(source, tmp_path/'far')
        far = source.session(tmp_path/'far'/'sub-A'/'sub-A_ses-1.nwb', tmp_path/'far')
        assert server.sent < 0.1*path.stat().st_size
        assert sum(int(row.sum()) for row in far.counts()) == 200_000
        near = source.session(path, tmp_path/'archive')
        assert all((one == other).all() for one, other in zip(far.counts(), near.counts()))
        assert server.sent < 0.1*path.stat().st_size
        assert formats.RemoteFile.block_bytes*formats.RemoteFile.kept_blocks <= 64_000_000, 'the blocks that are kept are bounded'


@pytest.mark.parametrize('fault, says', [(Forever(Status(404)), 'found 404'), (Forever(Reset(after=10)), None), ([Reset(after=1_000), Status(503)]*3, None), (Forever(Reset()), 'expected')])
def test_faults_while_streaming(tmp_path, monkeypatch, fault, says):
    from neuralpile.formats import read_nwb_units, write_nwb_units
    rng = np.random.default_rng(4)
    write_nwb_units(tmp_path/'archive'/'sub-A'/'sub-A_ses-1.nwb', [np.sort(rng.uniform(0, 30, 400)) for _ in range(5)])
    source = source_in(Dandi('000001', version='0.1'), read=read_nwb_units)
    with served(source, tmp_path/'archive', monkeypatch) as server:
        archive.point(source, tmp_path/'far')
        server.faults['*.nwb'] = fault if says or isinstance(fault, list) else [fault.fault]*3
        def read(): return source.session(tmp_path/'far'/'sub-A'/'sub-A_ses-1.nwb', tmp_path/'far')
        if says:
            with pytest.raises(DataError, match=f'toy: sub-A/sub-A_ses-1.nwb: .*{says}'): read()
        else: assert sum(int(row.sum()) for row in read().counts()) == 2_000


def test_only_files_in_pieces_can_be_streamed(tmp_path):
    with pytest.raises(DataError, match='card: expected NWB files on DANDI.*fetch=.download'): archive.point(find_source('card'), tmp_path/'far')


def test_waiting_as_long_as_the_limit_says(tmp_path, monkeypatch):
    "Dryad names the moment at which its limit ends, and no Retry-After."
    patient = formats.web().get_adapter('https://x').max_retries
    class Answer:
        status, headers = 429, {'RateLimit-Reset': str(int(time.time()) + 100)}
        def getheader(self, name, default=None): return self.headers.get(name, default)
    assert 98 <= patient.get_retry_after(Answer()) <= 100
    Answer.headers = {'RateLimit-Reset': '30'}
    assert patient.get_retry_after(Answer()) == 30
    Answer.headers = {'Retry-After': '86400'}
    assert patient.get_retry_after(Answer()) == formats.LONGEST
    Answer.status, Answer.headers = 200, {'X-RateLimit-Reset': '30'}
    assert patient.get_retry_after(Answer()) is None


def test_the_command_plans_and_fetches(toy, tmp_path, monkeypatch, capsys):
    from click.testing import CliRunner
    from neuralpile import cli
    monkeypatch.setattr(cli, 'sources', lambda: dict(toy=TOY))
    monkeypatch.setattr(cli, 'find_source', lambda key: TOY)
    run = lambda *arguments: CliRunner().invoke(cli.main, arguments)
    asked = run('plan', 'toy', '--online', '--speed', '0.1')
    assert asked.exit_code == 0 and '0.000801 GB' in asked.output and '3 files, 0.000801 GB in the archive at 0.1' in asked.output
    brought = run('fetch', 'toy', str(tmp_path/'raw'))
    assert brought.exit_code == 0 and '3 files are there and right' in brought.output
    toy.faults['/*'] = Forever(Status(404))
    failed = run('fetch', 'toy', str(tmp_path/'raw'))
    assert failed.exit_code == 1 and 'Error: toy: expected a listing' in failed.output and 'Traceback' not in failed.output
    assert run('plan', 'toy', '--online').exit_code == 1
    whole(toy, tmp_path/'raw')


def test_the_plan_of_everything_needs_no_network(monkeypatch):
    from click.testing import CliRunner
    from neuralpile import cli
    import socket
    def refused(*arguments, **options): raise AssertionError('a network was asked for')
    monkeypatch.setattr(socket.socket, 'connect', refused)
    told = CliRunner().invoke(cli.main, ['plan'], catch_exceptions=False)
    assert told.exit_code == 0 and 'Told from the records' in told.output
    lines = {line.split()[0]: line for line in told.output.splitlines() if line}
    assert all(key in lines for key, source in cli.sources().items() if source.archive)
    assert '4.23 GB' in lines['neupane-ppc'] and 'stream' in lines['even-chen'] and 'an account' in lines['card'] and '≤ 362 GB' in lines['neupane-entorhinal']
