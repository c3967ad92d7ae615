"""Scenario files: headings, statements and expectations.

README.md tells the notation.
"""
import os
import shlex

from notation.bundle import FOLDER, Deployment
from notation.database import ScenarioError

HEADINGS = ('title', 'base', 'silent', 'skip', 'options')


class Statement:
    """A line, with the indented lines that belong to it."""

    def __init__(self, path, number, text):
        self.where = '%s:%d' % (os.path.basename(path), number)
        self.text = text
        self.lines = []

    @property
    def words(self):
        if self.text.startswith('@'):
            return ['@']
        words = shlex.split(self.text)
        return words if 'flows' in words[1:2] \
            else shlex.split(' '.join([self.text] + self.lines))

    def fail(self, error):
        raise ScenarioError('%s: %s: %s' % (self.where, error, self.text))


def read_statements(path):
    """The statements of a file, without comments and empty lines."""
    statements = []
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            text = line.strip()
            if not text or text.startswith('#'):
                continue
            if line[0] in ' \t':
                statements[-1].lines.append(text)
            else:
                statements.append(Statement(path, number, text))
    return statements


class Scenario:
    """One file, read but not carried out."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.headings = {}
        self.changes = []
        self.expectations = []
        for statement in read_statements(path):
            self.take(statement)
        if 'title' not in self.headings:
            raise ScenarioError('%s: it has no title' % self.name)

    def take(self, statement):
        heading, colon, value = statement.text.partition(':')
        if colon and heading in HEADINGS:
            self.headings[heading] = ' '.join([value.strip()]
                                              + statement.lines)
        elif statement.text.split()[0] in ('expect', 'may'):
            self.expectations.append(statement)
        else:
            self.changes.append(statement)

    @property
    def options(self):
        """What provnet is told besides the bundle."""
        return self.headings.get('options', '').split()

    @property
    def silent(self):
        """Codes that must not be found, though the case comes close."""
        return self.headings.get('silent', '').split()

    def deploy(self):
        """The deployment: its base, then its changes."""
        deployment = Deployment()
        if 'base' in self.headings:
            apply_base(deployment, self.headings['base'])
        apply_all(deployment, self.changes)
        return deployment


def apply_all(deployment, statements):
    for statement in statements:
        try:
            deployment.apply(statement)
        except (ScenarioError, TypeError, ValueError, KeyError,
                IndexError) as error:
            statement.fail(error)


def apply_base(deployment, name):
    """A base is statements only; its first may name a base of its own."""
    path = os.path.join(FOLDER, 'base', name + '.rows')
    statements = read_statements(path)
    if statements and statements[0].text.startswith('base:'):
        apply_base(deployment, statements[0].text[5:].strip())
        statements = statements[1:]
    apply_all(deployment, statements)
    deployment.begin('')


def read_all(names=()):
    """All scenarios, or those named, in the order of their names."""
    paths = sorted(os.path.join(FOLDER, file) for file in os.listdir(FOLDER)
                   if file.endswith('.scenario'))
    scenarios = [Scenario(path) for path in paths]
    unknown = set(names) - {scenario.name for scenario in scenarios}
    if unknown:
        raise ScenarioError('there is no scenario ' + ', '.join(unknown))
    return [s for s in scenarios if not names or s.name in names]
