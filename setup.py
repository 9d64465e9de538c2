"The package facts are in settings.ini; this file hands them to setuptools."
from configparser import ConfigParser
from pathlib import Path
from shutil import copy2
from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

here = Path(__file__).parent
config = ConfigParser(delimiters=['='])
config.read(here/'settings.ini', encoding='utf-8')
facts = config['DEFAULT']


class BuildWithNotebooks(build_py):
    "A built wheel carries the source notebooks, which are run and not only imported."
    def run(self):
        super().run()
        folder = Path(self.build_lib)/facts['lib_name']/'notebooks'
        folder.mkdir(parents=True, exist_ok=True)
        for notebook in (here/facts['nbs_path']/'sources').glob('*.ipynb'): copy2(notebook, folder)


setup(
    name=facts['lib_name'],
    version=facts['version'],
    description=facts['description'],
    long_description=(here/'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    author=facts['author'],
    url=facts['git_url'],
    license='MIT',
    keywords=facts['keywords'],
    packages=find_packages(include=[facts['lib_name'], facts['lib_name'] + '.*']),
    python_requires=f">={facts['min_python']}",
    install_requires=facts['requirements'].split(),
    extras_require={'dev': facts['dev_requirements'].split(), 'lab': facts['lab_requirements'].split()},
    entry_points={'console_scripts': facts['console_scripts'].split()},
    cmdclass={'build_py': BuildWithNotebooks},
    zip_safe=False,
)
