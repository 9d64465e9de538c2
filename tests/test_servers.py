"The archives' servers of the tests, met as the archives' real clients and a plain `requests` user meet them."
import hashlib
import http.client
import os
import socket
import subprocess
import time
from contextlib import contextmanager
from email.utils import formatdate
from threading import Lock

import numpy as np
import pytest
import requests
from servers import (Close, DandiServer, DryadServer, Forever, GinServer, IgnoreRange, OsfServer, Reset, Slow, Stall, Status, Truncate, Wrong, ZenodoServer,
    annex_hashes, span_of)

BIG, NWB, MAT, TEXT = 'sub-b/big.nwb', 'sub-a/x.nwb', 'sub-a/y z.mat', 'README.md'


@pytest.fixture(autouse=True)
def no_version_check(monkeypatch): monkeypatch.setenv('DANDI_NO_ET', '1')   # else the dandi library asks the network for its newest version


@pytest.fixture
def folder(tmp_path):
    "A dataset of four files, one of them of 3 MB."
    noise = np.random.default_rng(0)
    for path, size in {BIG: 3_000_001, NWB: 5000, MAT: 3000}.items():
        (tmp_path/'data'/path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path/'data'/path).write_bytes(noise.bytes(size))
    (tmp_path/'data'/TEXT).write_text('Spikes.\n')
    return tmp_path/'data'


def bytes_of(folder, path): return (folder/path).read_bytes()
def hash_of(folder, path, kind='md5'): return hashlib.new(kind, bytes_of(folder, path)).hexdigest()


@contextmanager
def one_file(folder, path=NWB):
    "A server, and a way to ask it for one file."
    with ZenodoServer(folder, ranges=True) as server:
        address = f'{server.url}/records/3854034/files/{path.split("/")[-1]}/content'
        with requests.Session() as session:
            yield server, lambda method='GET', timeout=10, **headers: session.request(method, address,
                headers={name.replace('_', '-'): value for name, value in headers.items()}, timeout=timeout)
        assert not server.errors


# content

@pytest.mark.parametrize('asked, first, end', [('bytes=0-9', 0, 10), ('bytes=10-10', 10, 11), ('bytes=4000-', 4000, 5000), ('bytes=-7', 4993, 5000),
    ('bytes=-9999', 0, 5000), ('bytes=4990-9999', 4990, 5000)])
def test_a_range(folder, asked, first, end):
    with one_file(folder) as (server, ask):
        answer = ask(Range=asked)
        assert (answer.status_code, answer.headers['Content-Range']) == (206, f'bytes {first}-{end - 1}/5000')
        assert answer.content == bytes_of(folder, NWB)[first:end]
        assert server.sent == server.sent_of['x.nwb'] == end - first and server.spans == [('x.nwb', first, end)]
        server.sent = 0
        assert ask('HEAD', Range=asked).headers['Content-Length'] == str(end - first)
        assert server.sent == 0 and server.spans == []


def test_ranges_that_are_no_ranges(folder):
    with one_file(folder) as (server, ask):
        for outside in ('bytes=5000-', 'bytes=-0', 'bytes=9000-9001'):
            answer = ask(Range=outside)
            assert (answer.status_code, answer.headers['Content-Range'], answer.content) == (416, 'bytes */5000', b'')
        for ignored in ('bytes=9-3', 'bytes=0-1,4-5', 'lines=0-1', 'bytes=-', 'bytes=x-y'):
            assert (ask(Range=ignored).status_code, len(ask(Range=ignored).content)) == (200, 5000)
    assert span_of('bytes=0-', 1) == (0, 1)
    with pytest.raises(ValueError): span_of('bytes=0-', 0)


def test_a_range_of_a_file_that_has_changed(folder):
    with one_file(folder) as (server, ask):
        whole = ask()
        assert whole.headers['Accept-Ranges'] == 'bytes' and whole.headers['ETag'] == f'"md5:{hash_of(folder, NWB)}"'
        for validator in (whole.headers['ETag'], whole.headers['Last-Modified']): assert ask(Range='bytes=1-', If_Range=validator).status_code == 206
        assert ask(If_None_Match=whole.headers['ETag']).status_code == 304
        os.utime(folder/NWB, (0, 0))
        (folder/NWB).write_bytes(bytes(5000))
        os.utime(folder/NWB, (9, 9))
        for validator in (whole.headers['ETag'], whole.headers['Last-Modified']): assert ask(Range='bytes=1-', If_Range=validator).content == bytes(5000)
        assert ask(Range='bytes=1-', If_Match=whole.headers['ETag']).status_code == 412
        assert ask(If_Match=ask().headers['ETag']).status_code == 200


def test_one_connection_serves_many_requests(folder):
    with ZenodoServer(folder) as server:
        connection = http.client.HTTPConnection(server.url.split('/')[2])
        for method in ('GET', 'HEAD', 'GET'):
            connection.request(method, '/api/records/3854034/files/big.nwb/content')
            answer = connection.getresponse()
            assert answer.getheader('Content-Length') == '3000001' and answer.read() == (b'' if method == 'HEAD' else bytes_of(folder, BIG))
            used = connection.sock.getsockname()
        assert used == connection.sock.getsockname() and [method for method, *_ in server.requests] == ['GET', 'HEAD', 'GET']
        assert server.requests[0][1] == '/api/records/3854034/files/big.nwb/content' and server.sent == 2*3_000_001


def test_a_server_stops_at_once(folder):
    with ZenodoServer(folder) as server:
        server.faults['x.nwb'] = Stall(60)
        waiting = socket.create_connection(('127.0.0.1', int(server.url.split(':')[2].split('/')[0])))
        waiting.sendall(b'GET /api/records/3854034/files/x.nwb/content HTTP/1.1\r\nHost: x\r\n\r\n')
        while not server.met: time.sleep(0.001)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    waiting.settimeout(10)
    while waiting.recv(1 << 16): pass
    with pytest.raises(requests.ConnectionError): requests.get(server.url)


# faults

def test_statuses(folder):
    with one_file(folder) as (server, ask):
        date = formatdate(time.time() + 60, usegmt=True)
        server.faults['x.*'] = [Status(500), Status(429, retry_after=2), Status(503, retry_after=date), Status(401), Status(403), Status(404)]
        answers = [ask() for _ in range(7)]
        assert [answer.status_code for answer in answers] == [500, 429, 503, 401, 403, 404, 200]
        assert [answer.headers.get('Retry-After') for answer in answers[:4]] == [None, '2', date, None]
        assert server.sent == 5000 and len(server.met) == 6


def test_faults_of_files_and_of_addresses(folder):
    with one_file(folder) as (server, ask):
        server.faults = {'*': [Status(500)], '/api/records/3854034': Forever(Status(502))}
        for _ in range(3): assert requests.get(f'{server.url}/records/3854034').status_code == 502
        assert (ask('HEAD').status_code, ask().status_code, ask().status_code) == (200, 500, 200)
        server.faults = {'x.nwb': [Status(500), Forever(Status(503))]}
        assert [ask().status_code for _ in range(3)] == [500, 503, 503] and ask('HEAD').status_code == 503


def test_a_reset(folder):
    with one_file(folder, BIG) as (server, ask):
        server.faults['big.nwb'] = [Reset(), Reset(after=2_000_000)]
        with pytest.raises(requests.ConnectionError, match='reset by peer'): ask()
        assert server.sent == 0
        connection = http.client.HTTPConnection(server.url.split('/')[2])
        connection.request('GET', '/api/records/3854034/files/big.nwb/content')
        answer, got = connection.getresponse(), b''
        assert (answer.status, answer.getheader('Content-Length')) == (200, '3000001')
        with pytest.raises(ConnectionResetError):
            while piece := answer.read1(1 << 16): got += piece
        assert got == bytes_of(folder, BIG)[:2_000_000] and server.sent == 2_000_000
        assert ask().content == bytes_of(folder, BIG)


def test_a_connection_closed_early(folder):
    with one_file(folder, BIG) as (server, ask):
        server.faults['big.nwb'] = [Close(after=1_000_000), Close()]
        for sent in (1_000_000, 0):
            server.sent = 0
            with pytest.raises(requests.exceptions.ChunkedEncodingError, match='IncompleteRead'): ask()
            assert server.sent == sent


def test_answers_that_look_right(folder):
    with one_file(folder) as (server, ask):
        right = bytes_of(folder, NWB)
        server.faults['x.nwb'] = [Truncate(to=1000), Truncate(to=100), Wrong(), Wrong(), Wrong(seed=1), IgnoreRange()]
        assert ask().content == right[:1000]
        part = ask(Range='bytes=10-999')
        assert (part.status_code, part.headers['Content-Range'], part.content) == (206, 'bytes 10-109/5000', right[10:110])
        flipped = [ask().content for _ in range(3)]
        assert [sum(a != b for a, b in zip(content, right, strict=True)) for content in flipped] == [1, 1, 1]
        assert flipped[0] == flipped[1] != flipped[2]
        whole = ask(Range='bytes=10-999')
        assert (whole.status_code, whole.content) == (200, right)


def test_a_slow_and_a_stalled_answer(folder):
    with one_file(folder) as (server, ask):
        server.faults['x.nwb'] = [Stall(60), Stall(60, after=1000), Stall(0.2), Slow(20_000)]
        with pytest.raises(requests.Timeout): ask(timeout=0.2)
        with pytest.raises(requests.ConnectionError, match='timed out'): ask(timeout=0.2)
        for least in (0.2, 0.2):   # 5000 bytes at 20 000 a second are a quarter of a second
            began = time.monotonic()
            assert ask().content == bytes_of(folder, NWB) and time.monotonic() - began >= least


# DANDI

def test_dandi_lists_and_downloads(folder, tmp_path):
    from dandi.dandiapi import DandiAPIClient
    from dandischema.digests.dandietag import DandiETag
    with DandiServer(folder, page_size=3) as server:
        with DandiAPIClient(api_url=server.url) as client:
            dandiset = client.get_dandiset('000688', '0.250122.1735')
            assets = {asset.path: asset for asset in dandiset.get_assets()}
            assert set(assets) == {BIG, NWB, MAT, TEXT} and len([path for _, path, _ in server.requests if '/assets/' in path]) == 2
            asset = assets[BIG]
            metadata = asset.get_raw_metadata()
            assert metadata['digest'] == {'dandi:dandi-etag': DandiETag.from_file(folder/BIG).as_str(), 'dandi:sha2-256': hash_of(folder, BIG, 'sha256')}
            assert (metadata['contentSize'], metadata['path'], metadata['encodingFormat']) == (3_000_001, BIG, 'application/x-nwb')
            assert metadata['identifier'] == asset.identifier
            asset.download(tmp_path/'copy')
            assert (tmp_path/'copy').read_bytes() == bytes_of(folder, BIG) and server.sent_of == {BIG: 3_000_001}
            url = asset.get_content_url(follow_redirects=1, strip_query=True)
            assert url == metadata['contentUrl'][1] and url.startswith(server.base['blobs'])
            assert requests.get(url, headers={'Range': 'bytes=-5'}).content == bytes_of(folder, BIG)[-5:]
            assert asset.as_readable().open().read() == bytes_of(folder, BIG)
            assert [version.identifier for version in dandiset.get_versions()] == ['draft', '0.250122.1735']
            assert client.get_dandiset('000688').version_id == '0.250122.1735' and dandiset.get_raw_metadata()['license'] == ['spdx:CC-BY-4.0']
            assert dandiset.get_asset_by_path(MAT).get_digest().value == dandiset.for_version('draft').get_asset_by_path(MAT).get_digest().value
            for pattern, found in {'*.nwb': {BIG, NWB}, 'SUB-A/*': {NWB, MAT}, '?.nwb': set()}.items():
                assert {asset.path for asset in dandiset.get_assets_by_glob(pattern)} == found
            assert [asset.path for asset in dandiset.get_assets(order='-path')] == sorted(assets, reverse=True)
            assert {asset.path for asset in dandiset.get_assets_with_path_prefix('sub-a/')} == {NWB, MAT}
        listing = f'{server.url}/dandisets/000688/versions/draft/assets/'
        assert requests.get(listing, params={'metadata': 'true', 'page_size': 100}).json()['results'][0]['metadata']['digest']
        assert requests.get(listing, params={'zarr': 'true'}).json()['count'] == 0
        assert requests.get(listing, params={'page': 9}).status_code == requests.get(f'{server.url}/dandisets/000001/').status_code == 404
        assert requests.get(listing.rstrip('/')).history[0].status_code == 301
        assert not server.errors


def test_dandi_checks_what_it_downloads(folder, tmp_path):
    from dandi.dandiapi import DandiAPIClient
    from dandi.download import _download_file
    def fetch(asset, name):
        digest = {'sha256': asset.get_raw_metadata()['digest']['dandi:sha2-256']}
        return list(_download_file(asset.get_download_file_iter(1000), tmp_path/name, tmp_path, Lock(), size=asset.size, digests=digest))[-1]
    with DandiServer(folder, digests=('sha256',)) as server, DandiAPIClient(api_url=server.url) as client:
        asset = client.get_dandiset('000688', 'draft').get_asset_by_path(NWB)
        assert fetch(asset, 'whole') == {'status': 'done'}
        server.faults[NWB], server.sent = [Wrong()], 0
        assert fetch(asset, 'wrong')['checksum'] == 'differs' and server.sent == 5000


def test_dandi_gives_a_changed_file_another_id(folder):
    with DandiServer(folder) as server:
        def asset(): return requests.get(f'{server.url}/dandisets/000688/versions/draft/assets/', params={'path': NWB}).json()['results'][0]
        before = asset()
        (folder/NWB).write_bytes(bytes(5000))
        after = asset()
        assert before['asset_id'] != after['asset_id'] and before['blob'] != after['blob'] and before['size'] == after['size']
        assert requests.get(f'{server.url}/assets/{before["asset_id"]}/').status_code == 404
        assert requests.get(f'{server.url}/assets/{after["asset_id"]}/download/').content == bytes(5000)


def test_signed_links_are_for_get_and_expire(folder):
    with DandiServer(folder) as server:
        asset = requests.get(f'{server.url}/dandisets/000688/versions/draft/assets/', params={'path': NWB}).json()['results'][0]['asset_id']
        link = requests.head(f'{server.url}/assets/{asset}/download/').headers['Location']
        assert requests.get(link).headers['Content-Disposition'] == 'attachment; filename="x.nwb"'
        assert requests.head(link).status_code == 403 and requests.head(link.split('?')[0]).headers['Content-Length'] == '5000'
        assert requests.get(link, headers={'Authorization': 'token 123'}).status_code == 400
        server.expire_links()
        assert requests.get(link).status_code == 403 and requests.get(f'{server.url}/assets/{asset}/download/').status_code == 200


# Zenodo

def test_zenodo(folder):
    with ZenodoServer(folder) as server:
        record = requests.get(f'{server.url}/records/3854034')
        files = {file['key']: file for file in record.json()['files']}
        assert (record.json()['id'], record.json()['metadata']['version'], record.headers['X-RateLimit-Limit']) == (3854034, 'v2', '60')
        md5s = {path.split('/')[-1]: f'md5:{hash_of(folder, path)}' for path in (BIG, NWB, MAT, TEXT)}
        assert {key: file['checksum'] for key, file in files.items()} == md5s
        for path in (BIG, MAT):
            link = files[path.split('/')[-1]]['links']['self']
            assert requests.get(link).content == bytes_of(folder, path) and requests.get(link, headers={'Range': 'bytes=1-2'}).status_code == 200
        outside = requests.get(f'{server.base["api"]}/records/3854034/files/x.nwb?download=1', headers={'Range': 'bytes=1-2'})
        assert (outside.status_code, outside.content) == (206, bytes_of(folder, NWB)[1:3])
        entries = requests.get(f'{server.url}/records/3854034/files').json()['entries']
        assert {entry['key']: entry['size'] for entry in entries} == {key: file['size'] for key, file in files.items()}
        assert requests.get(f'{server.url}/records/3854033').json()['id'] == 3854034   # the record of all versions leads to the latest
        assert requests.get(f'{server.url}/records/1').status_code == requests.get(f'{server.url}/records/3854034/files/none/content').status_code == 404
        assert not server.errors


# Dryad

def pages(server, path, name, **options):
    while path:
        page = requests.get(server.base['api'] + path, **options).json()
        yield from page['_embedded'][f'stash:{name}']
        path = page['_links'].get('next', {}).get('href')


def test_dryad(folder):
    with DryadServer(folder, older=[['*.nwb'], ['big*']], digests={'x*': 'sha-256', '*.md': None, '*': 'md5'}, page_size=2) as server:
        dataset = requests.get(f'{server.url}/datasets/doi%3A10.5061%2Fdryad.dncjsxm85').json()
        versions = list(pages(server, dataset['_links']['stash:versions']['href'], 'versions'))
        names = [{file['path'] for file in pages(server, version['_links']['stash:files']['href'], 'files')} for version in versions]
        assert names == [{'README.md', 'y z.mat'}, {'README.md', 'y z.mat', 'x.nwb'}, {'README.md', 'y z.mat', 'x.nwb', 'big.nwb'}]
        assert dataset['_links']['stash:version'] == versions[-1]['_links']['self'] and [version['versionNumber'] for version in versions] == [1, 2, 3]
        files = {file['path']: file for file in pages(server, versions[-1]['_links']['stash:files']['href'], 'files')}
        assert {path: (file.get('digestType'), file.get('digest'), file['status']) for path, file in files.items()} == {'README.md': (None, None, 'copied'),
            'x.nwb': ('sha-256', hash_of(folder, NWB, 'sha256'), 'copied'), 'y z.mat': ('md5', hash_of(folder, MAT), 'copied'),
            'big.nwb': ('md5', hash_of(folder, BIG), 'created')}
        link = server.base['api'] + files['big.nwb']['_links']['stash:download']['href']
        bearer = {'Authorization': 'Bearer dryad-token'}
        assert requests.get(link).status_code == 401
        answer = requests.get(link, headers=bearer)
        assert answer.content == bytes_of(folder, BIG) and [step.status_code for step in answer.history] == [302]
        assert answer.url.startswith(server.base['store'])
        assert requests.get(link, headers={**bearer, 'Range': 'bytes=5-6'}).content == bytes_of(folder, BIG)[5:7]
        server.faults['/api/v2/files/*/download'] = [Status(429)]
        limited = requests.get(link, headers=bearer)
        assert limited.status_code == 429 and limited.headers['RateLimit-Remaining'] == '0' and 'Retry-After' not in limited.headers
        assert requests.get(server.url + '/datasets/doi%3A10.5061%2Fdryad.other').status_code == 404
        assert requests.get(server.url + '/versions/1', headers={'Accept': 'text/html'}).status_code == 406
        assert not server.errors


def test_dryad_tokens(folder):
    with DryadServer(folder, token=None) as server:
        def ask(**client): return requests.post(f'{server.base["api"]}/oauth/token', data={'grant_type': 'client_credentials', **client})
        assert ask(client_id='id', client_secret='wrong').status_code == 401
        granted = ask(client_id='id', client_secret='secret').json()
        assert (granted['token_type'], granted['expires_in']) == ('Bearer', 36000)
        bearer = {'Authorization': f'Bearer {granted["access_token"]}'}
        assert requests.get(f'{server.url}/test', headers=bearer).status_code == 200
        listing = f'{server.url}/datasets/doi%3A10.5061%2Fdryad.dncjsxm85'
        assert requests.get(listing).status_code == requests.get(listing, headers=bearer).status_code == 200
        server.expire_tokens()
        assert requests.get(listing, headers=bearer).status_code == 401
        assert ask(client_id='id', client_secret='secret').json()['access_token'] != granted['access_token']


# OSF

def osf_files(link):
    while link:
        page = requests.get(link).json()
        for entry in page['data']:
            if entry['attributes']['kind'] == 'folder': yield from osf_files(entry['relationships']['files']['links']['related']['href'])
            else: yield entry
        link = page['links']['next']


@pytest.mark.parametrize('direct', [False, True])
def test_osf(folder, tmp_path, direct):
    (tmp_path/'part').mkdir()
    (tmp_path/'part'/'notes.txt').write_text('Notes.')
    with OsfServer(folder, children={'abcde': tmp_path/'part'}, page_size=1, direct=direct) as server:
        node = requests.get(f'{server.url}/nodes/82jfr/').json()['data']
        files = {entry['attributes']['materialized_path']: entry for entry in osf_files(node['relationships']['files']['links']['related']['href'])}
        assert set(files) == {f'/{path}' for path in (BIG, NWB, MAT, TEXT)}
        for path in (BIG, MAT):
            entry = files[f'/{path}']
            assert entry['attributes']['extra']['hashes'] == {kind: hash_of(folder, path, kind) for kind in ('md5', 'sha256')}
            assert entry['attributes']['size'] == (folder/path).stat().st_size
            answer = requests.get(entry['links']['download'], headers={'Range': 'bytes=3-'})
            assert (answer.status_code, answer.content) == (206, bytes_of(folder, path)[3:])
            assert [step.status_code for step in answer.history] == ([302] if direct else [302, 302]) and ('ETag' in answer.headers) != direct
            head = requests.head(entry['links']['download'], allow_redirects=True)
            assert head.headers['Content-Length'] == str((folder/path).stat().st_size)
        child, = requests.get(node['relationships']['children']['links']['related']['href']).json()['data']
        notes, = osf_files(child['relationships']['files']['links']['related']['href'])
        assert requests.get(notes['links']['download']).text == 'Notes.' and server.sent_of['abcde/notes.txt'] == 6
        server.faults['/v2/nodes/*'] = [Status(429, retry_after=1)]
        assert requests.get(f'{server.url}/nodes/82jfr/').headers['Retry-After'] == '1' and requests.get(f'{server.url}/nodes/zzzzz/').status_code == 404
        listing = requests.get(f'{server.url}/nodes/82jfr/files/osfstorage/', params={'page[size]': 500}).json()
        assert listing['links']['meta'] == {'total': 3, 'per_page': 100} and listing['links']['next'] is None
        assert not server.errors


# GIN

def test_annex_hashes():
    assert annex_hashes('SHA256E-s0--e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855') == ('f87/4d5', 'pX/ZJ')


@pytest.mark.parametrize('backend, kind, suffix', [('MD5', 'md5', ''), ('MD5E', 'md5', '.nwb'), ('SHA256E', 'sha256', '.nwb')])
def test_gin(folder, tmp_path, backend, kind, suffix):
    with GinServer(folder, backend=backend, unlocked=['*.mat'], absent=['sub-a/x.*']) as server:
        here = f'{server.url}/paolo_papale/TVSD'
        for address, clone in {here: tmp_path/'clone', f'{here}.git': tmp_path/'clone.git'}.items():
            subprocess.run(['git', 'clone', '-q', address, clone], check=True)
        key = f'{backend}-s3000001--{hash_of(folder, BIG, kind)}{suffix}'
        lower, mixed = annex_hashes(key)
        assert os.readlink(tmp_path/'clone'/BIG) == f'../.git/annex/objects/{mixed}/{key}/{key}'
        assert (tmp_path/'clone'/MAT).read_text().startswith(f'/annex/objects/{backend}-s3000--') and (tmp_path/'clone'/TEXT).read_text() == 'Spikes.\n'
        for content in (requests.get(f'{here}/annex/objects/{lower}/{key}/{key}'), requests.get(f'{here}/raw/master/{BIG}', headers={'Range': 'bytes=9-'})):
            assert content.status_code == 200 and content.content == bytes_of(folder, BIG) and not {'ETag', 'Accept-Ranges'} & set(content.headers)
        assert requests.get(f'{here}/raw/master/{MAT}').content == bytes_of(folder, MAT) and requests.get(f'{here}/raw/master/{TEXT}').text == 'Spikes.\n'
        assert requests.head(f'{here}/annex/objects/{lower}/{key}/{key}').headers['Content-Length'] == '3000001'
        assert 'uuid = ' in requests.get(f'{here}/config').text and requests.get(f'{here}.git/config').status_code == 404
        assert requests.get(f'{here}/raw/master/{NWB}').status_code == 500   # absent
        assert requests.get(f'{here}/raw/master/none').status_code == 404 and requests.get(f'{here}/annex/objects/{lower}/{key}x/{key}x').status_code == 500
        assert server.sent_of == {BIG: 2*3_000_001, MAT: 3000, TEXT: 8}
        push = subprocess.run(['git', 'push', '-q', 'origin', 'HEAD:refs/heads/other'], cwd=tmp_path/'clone', capture_output=True, text=True)
        assert push.returncode and '403' in push.stderr
        (folder/NWB).write_bytes(bytes(4000))
        server.commit()
        subprocess.run(['git', 'pull', '-q'], cwd=tmp_path/'clone', check=True)
        assert '-s4000--' in os.readlink(tmp_path/'clone'/NWB) and not server.errors


def test_the_same_folder_is_the_same_repository(folder):
    heads = []
    for _ in range(2):
        with GinServer(folder) as server: heads.append(server.git('rev-parse', 'master', 'git-annex'))
    assert heads[0] == heads[1]
