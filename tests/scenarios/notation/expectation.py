"""What a scenario expects, compared with what provnet says.

Every endpoint must be reachable both ways, and nothing must be found, unless
the scenario says otherwise.
"""
import shlex

from notation.database import ScenarioError

DIRECTIONS = {'inbound': ['inbound'], 'outbound': ['outbound'],
              'both': ['inbound', 'outbound']}


def fits(word, value):
    """Whether 'value' is what 'word' allows: "a|b" either, "*" any."""
    return word == '*' or (value or '-') in word.split('|')


class Expectations:
    def __init__(self, statements):
        self.verdicts = {}  # (endpoint, direction) -> words
        self.findings = []  # (required, words)
        self.absent = []
        self.statuses = {'exit': '0'}
        for statement in statements:
            try:
                self.take(shlex.split(' '.join([statement.text]
                                               + statement.lines)))
            except (KeyError, IndexError, ValueError, ScenarioError) as error:
                statement.fail(error)

    def take(self, words):
        if words[1] == 'finding':
            self.findings.append((words[0] == 'expect', words[2:]))
        elif words[0] == 'may':
            raise ScenarioError('only a finding may be')
        elif words[1] in ('exit', 'strict'):
            self.statuses[words[1]] = words[2]
        elif words[1] == 'absent':
            self.absent += words[2:]
        else:
            for direction in DIRECTIONS[words[2]]:
                self.verdicts.setdefault((words[1], direction),
                                         []).append(words[3:])

    @property
    def codes(self):
        """Codes that must be found."""
        return [code for required, words in self.findings if required
                for code in [words[0]]]

    def compare(self, document):
        """What differs, one text each."""
        return (self.compare_endpoints(document['endpoints'])
                + self.compare_findings(document['findings']))

    # Endpoints.

    def compare_endpoints(self, endpoints):
        differences = []
        seen = set()
        for endpoint in endpoints:
            name = endpoint['address'] or endpoint['port']
            seen.add(name)
            for direction in DIRECTIONS['both']:
                expected = self.verdicts.get((name, direction),
                                             [['reachable']])
                differences += [
                    '%s %s: %s' % (name, direction, difference)
                    for words in expected
                    for difference in compare_verdict(words,
                                                      endpoint[direction])]
        differences += ['%s should be no endpoint' % name
                        for name in self.absent if name in seen]
        wanted = sorted({name for name, _ in self.verdicts})
        return differences + ['%s is no endpoint' % name
                              for name in wanted if name not in seen]

    # Findings.

    def compare_findings(self, findings):
        differences = []
        left = list(findings)
        for required, words in self.findings:
            fitting = [f for f in left if not compare_finding(words, f)]
            if fitting:
                left.remove(fitting[0])
            elif required:
                differences.append(explain_missing(words, left))
        return differences + [
            'found besides: %s %s (%s/%s): %s'
            % (f['code'], f['severity'], f['hop'], f['layer'], f['message'])
            for f in left]


def explain_missing(words, findings):
    same = [f for f in findings if f['code'] == words[0]]
    reason = '; '.join(compare_finding(words, same[0])) if same \
        else 'not found'
    return 'finding %s: %s' % (' '.join(words), reason)


def compare_verdict(words, verdict):
    """VERDICT [HOP LAYER CODE] [missing TEXT]"""
    words = list(words)
    missing = None
    if 'missing' in words:
        missing = words[words.index('missing') + 1]
        words = words[:words.index('missing')]
    got = [verdict['verdict'], verdict['hop'], verdict['layer'],
           (verdict['codes'] or [None])[0]]
    differences = []
    if not all(fits(word, value) for word, value in zip(words, got)):
        differences.append('%s, not %s' % (' '.join(g or '-' for g in got),
                                           ' '.join(words)))
    if missing and not any(missing in m for m in verdict['missing']):
        differences.append('"%s" is not among what is missing: %s'
                           % (missing, verdict['missing']))
    return differences


def text_of(finding, key):
    """What a finding says under one of our keys."""
    cause = finding['cause']
    return {
        'chassis': finding['chassis'],
        'subject': finding['subject']['name'],
        'affects': ','.join(sorted(finding['affects'])),
        'message': finding['message'],
        'cause': cause and '%s: %s' % (cause['db'], cause['comment'] or
                                       'an API client'),
        'note': finding.get('cause_note'),
        'cycle': ' -> '.join(finding.get('cycle', [])) or None,
        'grows': growth_of(finding),
        'floods': flood_of(finding),
        'carries': '; '.join(finding.get('carries', [])) or None,
        'carries_missing': '; '.join(finding.get('carries_missing', []))
                           or None,
    }[key]


def growth_of(finding):
    """"64 copies, endless", "1 copy, ends"..., or None."""
    growth = finding.get('amplification')
    return growth and '%d %s, %s' % (
        growth['copies'], 'copy' if growth['copies'] == 1 else 'copies',
        'endless' if growth['endless'] else 'ends')


def flood_of(finding):
    """"hv1,hv2; phynet2", or None."""
    flood = finding.get('floods')
    return flood and '; '.join([','.join(flood['chassis']),
                                ','.join(flood['segments'])])


def compare_finding(words, finding):
    """CODE SEVERITY [HOP LAYER] [KEY TEXT]..."""
    got = [finding['code'], finding['severity'], finding['hop'],
           finding['layer']]
    keys = [i for i, word in enumerate(words)
            if i > 1 and word in KEYS]
    plain = words[:keys[0]] if keys else words
    differences = ['%s, not %s' % (value, word)
                   for word, value in zip(plain, got)
                   if not fits(word, value)]
    pairs = words[len(plain):]
    for key, wanted in zip(pairs[::2], pairs[1::2]):
        text = text_of(finding, key)
        if wanted == 'none':
            fine = text is None
        elif key in ('chassis', 'subject', 'affects', 'grows', 'floods'):
            fine = fits(wanted, text or '-')
        else:
            fine = wanted in (text or '')
        if not fine:
            differences.append('%s is "%s", not "%s"' % (key, text, wanted))
    return differences


KEYS = ('chassis', 'subject', 'affects', 'message', 'cause', 'note', 'cycle',
        'grows', 'floods', 'carries', 'carries_missing')
