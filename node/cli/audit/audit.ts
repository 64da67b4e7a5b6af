import type { Command } from 'commander'
import { Option } from 'commander'
import { type CommunityId, type Id, parseId } from '../../../protocol/ids.ts'
import { type Audit, auditLedger } from '../../audit/audit.ts'
import type { Finding } from '../../audit/finding.ts'
import { GRAPH_FORMATS, type GraphFormat, graphText } from '../../audit/graph.ts'
import { type MemberReport, membersBeginning, reportOn } from '../../audit/member.ts'
import type { ReaderMeans } from '../../audit/reader.ts'
import { summarize } from '../../audit/summary.ts'
import { examples, type Start, type Terminal } from '../command.ts'
import { CliError, EXIT, type ExitStatus } from '../failure.ts'
import { asCliError, openSource, SOURCE_HELP } from '../source.ts'
import { ChangeCounter } from './changes.ts'
import { provesFork } from './evidence.ts'
import { writePieces } from './files.ts'
import { withMeans } from './means.ts'
import { saveLedger } from './save.ts'
import { changesText, comparedText, findingsText, memberText, summaryText } from './text.ts'
import {
  type Compared,
  compare,
  type OtherView,
  readCheckpointFile,
  readOther,
  writeEvidence,
} from './views.ts'

interface AuditOptions {
  readonly community?: string
  readonly member?: string
  readonly graph?: GraphFormat
  readonly out?: string
  readonly since?: string
  readonly compare?: string
  readonly evidence: string
  readonly verifyEvidence?: string
  readonly save?: string
}

const EXPLANATION = `
Everything is computed again from the first entry: signatures, the rules, the Merkle tree, its tiles, the state hash.
Nobody is believed but the founders who signed the genesis; --community says which one it must be.

A finding is what an honest log would not have done, and ends with status 1: a root, state, signature or tile that
does not fit, a cosignature that lacks, two histories, and void entries, since a log takes only what holds.
What members did and what became of it (bans, leaked links, frozen keys) is no finding: a ledger is there to hold it.
With --verify-evidence the status is 0 when the evidence holds, and 1 when it proves nothing.
`

/** `palabre audit`. */
export function declareAudit(program: Command, start: Start): void {
  program
    .command('audit')
    .description('Verify a whole ledger, trusting nobody.')
    .argument('<source>', SOURCE_HELP)
    .option('--community <id>', 'the community that it must be')
    .option('--member <id>', 'what the ledger says of one member; the beginning of the id is enough')
    .addOption(
      new Option('--graph <format>', 'the graph of invitations, instead of the summary').choices(
        GRAPH_FORMATS,
      ),
    )
    .option('--out <file>', 'where the graph goes, beside the summary')
    .option(
      '--since <checkpoint>',
      'what is new since this older checkpoint, which must be the beginning of this ledger',
    )
    .option('--compare <other>', 'whether another relay, folder, file or checkpoint shows the same history')
    .option('--evidence <file>', 'where evidence of two histories is written', 'palabre-evidence.cbor')
    .option('--verify-evidence <file>', 'whether this evidence holds against the log of this ledger')
    .option('--save <file>', 'write the audited ledger as one file')
    .addHelpText('after', EXPLANATION)
    .addHelpText(
      'after',
      examples(
        ['palabre audit https://relay.example.org', 'verify what a relay serves'],
        ['palabre audit ./mirror --json', 'the same for a folder, as JSON'],
        ['palabre audit ./mirror --member 4fQx', 'sponsors, slots and branch of a member'],
        ['palabre audit ./mirror --graph dot | dot -Tsvg > tree.svg', 'draw who invited whom'],
        ['palabre audit ./mirror --since checkpoint.old', 'what is new'],
        ['palabre audit https://a.example --compare https://b.example', 'do both show one history?'],
        ['palabre audit ./mirror --save village.ledger', 'one file to keep or to pass on'],
      ),
    )
    .action(start(audit))
}

async function audit(terminal: Terminal, named: string, options: AuditOptions): Promise<ExitStatus> {
  const { signal, folder } = terminal
  const community = readCommunity(options.community)
  const source = await openSource(named, folder)
  const others: OtherView[] = []
  try {
    if (options.verifyEvidence !== undefined) {
      const file = options.verifyEvidence
      return await withMeans((means) => provesFork(terminal, source, file, means))
    }
    const older = options.since === undefined ? undefined : await readCheckpointFile(options.since, folder)
    const other = options.compare === undefined ? undefined : await readOther(options.compare, folder, signal)
    if (other !== undefined) others.push(other)
    const changes = new ChangeCounter(older?.size ?? 0)
    return await withMeans(async (means) => {
      const done = await asCliError(() =>
        auditLedger(source, means, {
          ...(community && { community }),
          marks: [older, other].flatMap((view) => (view === undefined ? [] : [view.size])),
          ears: {
            onEntries: (...heard) => changes.hear(...heard),
          },
          progress: (done, of) => terminal.output.progress({ what: 'Verifying', done, of }),
          signal,
        }),
      )
      terminal.output.done()
      return report(terminal, done, { older, other, changes, options, means })
    })
  } finally {
    await source.close()
    for (const { source: theirs } of others) await theirs?.close()
  }
}

interface Asked {
  readonly older: OtherView | undefined
  readonly other: OtherView | undefined
  readonly changes: ChangeCounter
  readonly options: AuditOptions
  readonly means: ReaderMeans
}

async function report(terminal: Terminal, audited: Audit, asked: Asked): Promise<ExitStatus> {
  const { output, folder, signal } = terminal
  const { options, means } = asked
  const { state } = audited
  const findings: Finding[] = [...audited.findings]
  const since = asked.older && (await comparedSince(audited, asked.older, means, signal, findings))
  const compared = asked.other && (await compare(audited, asked.other, means, signal))
  if (compared?.finding) findings.push(compared.finding)
  const evidence = [since, compared].find((view) => view?.evidence !== undefined)?.evidence
  const evidenceFile = evidence && (await writeEvidence(evidence, options.evidence, terminal))
  const member = options.member === undefined ? undefined : memberOf(audited, options.member)
  if (options.save !== undefined) await saveLedger(audited, means, options.save, terminal)
  if (options.graph !== undefined) {
    if (state === undefined)
      throw new CliError('ledger-unreadable', 'There is no community, so there is no graph.')
    const pieces = graphText(state, options.graph)
    if (options.out !== undefined) await writePieces(options.out, folder, pieces)
    else {
      for (const piece of pieces) output.raw(piece)
      return findings.length > 0 ? EXIT.findings : EXIT.ok
    }
  }
  const summary = state && summarize(state)
  const news = asked.older && asked.changes.changes()
  const told = asked.older
    ? findings.filter(({ index = Number.POSITIVE_INFINITY }) => index >= (asked.older?.size ?? 0))
    : findings
  const { checkpoint, head, cosigned } = audited
  const document = {
    source: audited.source.name,
    valid: told.length === 0,
    ...(member === undefined ? summary && { summary } : { member }),
    ...(news && { since: { ...news, kind: since?.kind } }),
    ...(compared && { compared: { name: compared.name, size: compared.size, kind: compared.kind } }),
    ...(evidenceFile && { evidence: evidenceFile }),
    ...(checkpoint && {
      checkpoint: {
        size: checkpoint.size,
        root: checkpoint.root,
        state: checkpoint.state,
        key: checkpoint.key,
        cosigned,
      },
    }),
    tree: { size: head.size, root: head.root },
    ...(head.state && { state: head.state }),
    findings: told,
  }
  output.result(document, () => {
    const parts: string[] = []
    if (member !== undefined) parts.push(memberText(member))
    else if (summary !== undefined) parts.push(summaryText(audited, summary))
    if (news !== undefined && since?.kind === 'consistent') parts.push(changesText(news))
    if (compared !== undefined) parts.push(comparedText(compared))
    if (evidenceFile !== undefined) parts.push(`The evidence is in ${evidenceFile}: pass it on.`)
    parts.push(findingsText(told))
    return parts.join('\n\n')
  })
  if (told.length > 0) return EXIT.findings
  return compared?.kind === 'unproven' ? EXIT.failed : EXIT.ok
}

/** An older checkpoint must be the beginning of this ledger; that a ledger got shorter is the log's fault too. */
async function comparedSince(
  audited: Audit,
  older: OtherView,
  means: ReaderMeans,
  signal: AbortSignal,
  findings: Finding[],
): Promise<Compared> {
  const compared = await compare(audited, older, means, signal)
  if (compared.finding) findings.push(compared.finding)
  const { size } = audited.head
  if (older.size > size) {
    const detail = `The log has ${size} entries, and signed a tree of ${older.size} before.`
    findings.push({ code: 'log-shrunk', detail })
  }
  return compared
}

function memberOf({ state }: Audit, named: string): MemberReport {
  const found = state === undefined ? [] : membersBeginning(state, named)
  const [id] = found
  if (found.length > 1)
    throw new CliError('member-ambiguous', `${found.length} members have an id that begins with ${named}.`)
  const report = state && id && reportOn(state, id, state.time)
  if (!report)
    throw new CliError('member-unknown', `No member of this ledger has an id that begins with ${named}.`)
  return report
}

function readCommunity(text: string | undefined): CommunityId | undefined {
  if (text === undefined) return undefined
  const id = parseId<CommunityId & Id>(text)
  if (id === undefined)
    throw new CliError('usage', `${text} is no community id, which has 43 characters; see --help.`)
  return id
}
