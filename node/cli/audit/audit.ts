import type { Command } from 'commander'
import { Option } from 'commander'
import { type CommunityId, type Id, parseId } from '../../../protocol/ids.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Finding } from '../../audit/finding.ts'
import { GRAPH_FORMATS, type GraphFormat, graphText } from '../../audit/graph.ts'
import { type MemberReport, membersBeginning, reportOn } from '../../audit/member.ts'
import type { ReaderMeans } from '../../audit/reader.ts'
import { summarize } from '../../audit/summary.ts'
import { examples, type Start, type Terminal } from '../command.ts'
import { CliError, EXIT, type ExitStatus } from '../failure.ts'
import { asCliError, openSource, SOURCE_HELP } from '../source.ts'
import { verifyExhibit } from './evidence.ts'
import { writePieces } from './files.ts'
import { earlierFindings, keep, keptText, readOlder } from './keep.ts'
import { withMeans } from './means.ts'
import { saveLedger } from './save.ts'
import { comparedSince } from './since.ts'
import { changesText, comparedText, earlierText, findingsText, memberText, summaryText } from './text.ts'
import { type Verified, type Views, verify } from './verify.ts'
import { compare, type OtherView, readOther, writeEvidence, writtenText } from './views.ts'

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
  readonly keep?: string
}

const EXPLANATION = `
Everything is computed again from the first entry: signatures, the rules, the Merkle tree, its tiles, the state hash.
Nobody is believed but the founders who signed the genesis; --community says which one it must be.

A finding is what an honest log would not have done, and ends with status 1: a root, state, signature or tile that
does not fit, a cosignature that lacks, two histories, and void entries, since a log takes only what holds.
What members did and what became of it (bans, leaked links, frozen keys) is no finding: a ledger is there to hold it.
With --keep the result of an audit is kept in a file: the checkpoint, the members, the edge of the tree, what was found.
--since <that file> goes on from it: only entries that came since are read and verified, and must make, of the tree of
then, the one that the log signed now. The outcome is that of a whole audit; what was found then is told again. A log that
does not go on from there is read from its first entry, and what is wrong is told, with evidence as for --compare. The file
is the auditor's own: it is checked for damage, and believed. That a log no longer serves old entries is not noticed.
With --since <checkpoint> everything is computed again, and what is new is told apart: a checkpoint is its log's word, from
which no auditor goes on.
With --verify-evidence nothing else is said but whether a file holds against this ledger, and what it proves: evidence
that this command or a member's app wrote, a checkpoint, a promise, an entry that the log took, or a statement that
accuses somebody. The status is 0 when it holds, 1 when it proves nothing, and 2 when it is no evidence of any kind.
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
      '--since <file>',
      'what is new since this kept audit, or this older checkpoint, which must be the beginning of this ledger',
    )
    .option('--compare <other>', 'whether another relay, folder, file or checkpoint shows the same history')
    .option('--evidence <file>', 'where evidence of two histories is written', 'palabre-evidence.cbor')
    .option('--verify-evidence <file>', 'whether this evidence holds against the log of this ledger')
    .option('--save <file>', 'write the audited ledger as one file')
    .option('--keep <file>', 'keep what this audit came to, for --since to go on from')
    .addHelpText('after', EXPLANATION)
    .addHelpText(
      'after',
      examples(
        ['palabre audit https://relay.example.org', 'verify what a relay serves'],
        ['palabre audit ./mirror --json', 'the same for a folder, as JSON'],
        ['palabre audit ./mirror --member 4fQx', 'sponsors, slots and branch of a member'],
        ['palabre audit ./mirror --graph dot | dot -Tsvg > tree.svg', 'draw who invited whom'],
        ['palabre audit ./mirror --since checkpoint.old', 'what is new'],
        [
          'palabre audit https://relay.example.org --keep village.audit',
          'verify all of it, and keep the result',
        ],
        [
          'palabre audit https://relay.example.org --since village.audit --keep village.audit',
          'verify what came since, each day',
        ],
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
      return await withMeans(terminal, (means) => verifyExhibit(terminal, source, file, means))
    }
    return await withMeans(terminal, async (means) => {
      const older = options.since === undefined ? undefined : await readOlder(options.since, folder, means)
      const other =
        options.compare === undefined ? undefined : await readOther(options.compare, folder, signal)
      if (other !== undefined) others.push(other)
      const done = await asCliError(() => verify(terminal, source, means, { community, older, other }))
      return report(terminal, done, { older, other, options, means })
    })
  } finally {
    await source.close()
    for (const { source: theirs } of others) await theirs?.close()
  }
}

interface Asked extends Views {
  readonly options: AuditOptions
  readonly means: ReaderMeans
}

async function report(terminal: Terminal, verified: Verified, asked: Asked): Promise<ExitStatus> {
  const { output, folder, signal } = terminal
  const { options, means, older } = asked
  const { audited, wentOn } = verified
  const { state } = audited
  const findings: Finding[] = [...audited.findings]
  const since = older && (await comparedSince(verified, older, means, signal, findings))
  const earlier = older?.kept ? earlierFindings(older.kept, findings) : []
  const compared = asked.other && (await compare(audited, asked.other, means, signal))
  if (compared?.finding) findings.push(compared.finding)
  const evidence = [since, compared].find((view) => view?.evidence !== undefined)?.evidence
  const written = evidence && (await writeEvidence(evidence, options.evidence, terminal))
  const member = options.member === undefined ? undefined : memberOf(audited, options.member)
  if (options.save !== undefined) await saveLedger(audited, means, options.save, terminal)
  const kept =
    options.keep === undefined ? undefined : await keep(audited, earlier, since, options.keep, terminal)
  const unkept = kept !== undefined && 'unkept' in kept
  if (options.graph !== undefined) {
    if (state === undefined)
      throw new CliError('ledger-unreadable', 'There is no community, so there is no graph.')
    const pieces = graphText(state, options.graph)
    if (options.out !== undefined) await writePieces(options.out, folder, pieces)
    else {
      for (const piece of pieces) output.raw(piece)
      if (findings.length > 0) return EXIT.findings
      return unkept ? EXIT.failed : EXIT.ok
    }
  }
  const summary = state && summarize(state)
  const news = older && verified.changes.changes()
  // Whoever names a checkpoint asks for what is new; an earlier audit is gone on from, and is told whole.
  const told =
    older && !older.kept && since?.kind === 'consistent'
      ? findings.filter(({ index = Number.POSITIVE_INFINITY }) => index >= older.size)
      : findings
  const { checkpoint, head, cosigned } = audited
  const document = {
    source: audited.source.name,
    valid: told.length === 0,
    ...(member === undefined ? summary && { summary } : { member }),
    ...(news && { since: { ...news, kind: since?.kind, ...(earlier.length > 0 && { earlier }) } }),
    ...(compared && { compared: { name: compared.name, size: compared.size, kind: compared.kind } }),
    ...written,
    ...kept,
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
    if (written !== undefined) parts.push(writtenText(written))
    if (kept !== undefined) parts.push(keptText(kept))
    if (earlier.length > 0) parts.push(earlierText(earlier))
    parts.push(findingsText(told, wentOn))
    return parts.join('\n\n')
  })
  if (told.length > 0) return EXIT.findings
  return compared?.kind === 'unproven' || unkept ? EXIT.failed : EXIT.ok
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
