import { Option } from 'commander'
import { APPEAL } from '../../../protocol/community/appeal.ts'
import type { Why } from '../../../protocol/community/ban.ts'
import { REPORT } from '../../../protocol/community/report.ts'
import { openerFromSeed, recipientsOf } from '../../../protocol/community/sealed.ts'
import type { MemberId, RoomId } from '../../../protocol/ids.ts'
import { MAX_WORDS_CHARS } from '../../../protocol/limits.ts'
import type { Reason } from '../../../protocol/reasons.ts'
import { signerFromSeed } from '../../../protocol/signature.ts'
import { type AppealedDecision, decisionBefore } from '../../council/decision.ts'
import {
  type CouncilMessage,
  isFor,
  openMessage,
  readCouncilMessages,
  type SaidToCouncil,
} from '../../council/messages.ts'
import { readMarks, writeMarks } from '../../council/read-marks.ts'
import { appealAt, reportAt } from '../../council/sealing.ts'
import { wordsOf } from '../../council/words.ts'
import type { Declare, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { CliError, EXIT, type ExitStatus, RefusedError } from '../failure.ts'
import { REASONS } from './council.ts'
import { atSite, type HomeOptions, visiting, withHomeOptions } from './home.ts'
import { type PhraseOptions, readPhrase, rootSeedOf, withPhraseOption } from './phrase.ts'
import { asRoot } from './roots.ts'
import { sentenceOf } from './sentences.ts'
import { memberBy, parseRoomId } from './targets.ts'
import { ledgerMoment } from './text.ts'

interface ReportOptions extends HomeOptions {
  readonly reason: Why
  readonly words?: string
  readonly room?: RoomId
}

interface AppealOptions extends HomeOptions, PhraseOptions {
  readonly words: string
}

interface ReadOptions extends HomeOptions, PhraseOptions {
  readonly new?: boolean
}

export const declareReport: Declare = (program, start) => {
  withHomeOptions(program.command('report'))
    .description('Tell the council about somebody. Only the council of today can read what you say.')
    .argument('<member>', 'id of the member, or how it begins')
    .addOption(new Option('--reason <why>', 'why').choices(REASONS).makeOptionMandatory())
    .option('--words <text>', `what happened, in at most ${MAX_WORDS_CHARS} characters`)
    .option('--room <id>', 'in which room', parseRoomId)
    .addHelpText(
      'after',
      `${examples(
        ['palabre report 3hQ8mZk1 --reason abuse', 'why is enough'],
        [
          'palabre report 3hQ8mZk1 --reason abuse --words "He shouted at Bo" --room <room>',
          'what, and where',
        ],
      )}
That you reported something, and when, is in the ledger for everybody to see; of whom and what is not.
`,
    )
    .action(start(report))
}

export const declareAppeal: Declare = (program, start) => {
  withHomeOptions(program.command('appeal'))
    .description(
      'Answer to the council, which told your sponsors that it is about to act, or banned you or those above you.',
    )
    .requiredOption('--words <text>', `what you have to say, in at most ${MAX_WORDS_CHARS} characters`)
    .option(
      '--words-file <file>',
      'as your root, where your devices are let in no more: the 24 words, or - for standard input',
    )
    .addHelpText(
      'after',
      `${examples(
        ['palabre appeal --words "It was my brother"', 'when a notice stands and nothing happened yet'],
        [
          'palabre appeal --words "It was my brother" --words-file words.txt',
          'when you are banned, or cut off',
        ],
      )}
Only the council of today can read it. You can appeal each decision once, and again after 30 days.
`,
    )
    .action(start(appeal))
}

export const declareReports: Declare = (program, start) => {
  withPhraseOption(withHomeOptions(program.command('reports')))
    .description('As one of the council, read what was reported and appealed.')
    .option('--new', 'only what was not read in this home before')
    .addHelpText(
      'after',
      examples(
        ['palabre reports --words-file words.txt', 'all that your root can open, oldest first'],
        ['palabre reports --new --words-file words.txt', 'what came since the last time'],
      ),
    )
    .action(start(reports))
}

function report(terminal: Terminal, typed: string, options: ReportOptions): Promise<ExitStatus> {
  const { reason: why, room } = options
  const words = options.words === undefined ? undefined : readWords(options.words)
  return visiting(terminal, options, async (visit, { ports }) => {
    const of = memberBy(visit.state, typed)
    const content = {
      of,
      why,
      ...(words === undefined ? {} : { words }),
      ...(room === undefined ? {} : { room }),
    }
    const { id } = await visit.act(REPORT, (place, state) => reportAt(state, place, content, ports.random))
    const readers = recipientsOf(visit.state.council).length
    terminal.output.result(
      { report: id, member: of, readers },
      `The council can read your report of ${of}, ${readers} ${readers === 1 ? 'key' : 'keys'} in all, and nobody else.`,
    )
    return EXIT.ok
  })
}

function appeal(terminal: Terminal, options: AppealOptions): Promise<ExitStatus> {
  const words = readWords(options.words)
  const tell = (id: string): ExitStatus => {
    terminal.output.result({ appeal: id }, 'The council can read your appeal, and nobody else.')
    return EXIT.ok
  }
  // Without the words, as the device: it is let in while its member is in good standing, and answers to a notice.
  if (options.wordsFile === undefined)
    return visiting(terminal, options, async (visit, { ports }) => {
      const { id } = await visit.act(APPEAL, (place, state) =>
        appealAt(state, place, { words }, ports.random),
      )
      return tell(id)
    })
  return atSite(terminal, options, undefined, async (site) => {
    const phrase = await readPhrase(terminal, options)
    return asRoot(terminal, site, phrase, async (visit) => {
      const { id } = await visit.act(APPEAL, (place) =>
        appealAt(visit.state, place, { words }, site.ports.random),
      )
      return tell(id)
    })
  })
}

function reports(terminal: Terminal, options: ReadOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit, { home }) => {
    const { state, ledger } = visit
    const seed = await rootSeedOf(await readPhrase(terminal, options), state.genesis.payload.nonce)
    const { publicKey } = signerFromSeed(seed)
    const opener = openerFromSeed(seed, publicKey)
    const all = await readCouncilMessages(ledger)
    const own = all.filter((message) => isFor(message, publicKey))
    if (own.length === 0 && !state.council.keys.includes(publicKey))
      throw new RefusedError('sealed-for-others', 'These words are of nobody for whom something was sealed.')
    await visit.fetchNames()
    const marks = await readMarks(home, state.community)
    const shown = own.filter(({ id }) => options.new !== true || !marks.has(id))
    const rows = shown.map((message): Row => {
      const said = openMessage(state.community, message, opener)
      return {
        ...plain(message),
        new: !marks.has(message.id),
        ...(said.ok ? { said: said.value } : { unreadable: said.reason }),
        ...(message.type === 'appeal' ? { decision: decisionBefore(state, message.from, message.at) } : {}),
      }
    })
    await writeMarks(home, state.community, [...marks, ...shown.map(({ id }) => id)])
    const nameOf = (id: MemberId) => visit.profiles.names.value(id) ?? id
    terminal.output.result(rows, () =>
      rows.length === 0 ? 'Nothing.' : rows.map((row) => textOf(row, nameOf)).join('\n\n'),
    )
    return EXIT.ok
  })
}

/** What somebody typed as words. @throws CliError */
function readWords(typed: string): string {
  const words = wordsOf(typed)
  if (words === undefined)
    throw new CliError(
      'words-invalid',
      `Words are text of 1 to ${MAX_WORDS_CHARS} characters, without invisible ones.`,
    )
  return words
}

function plain({ id, type, index, at, from, council }: CouncilMessage) {
  return { id, type, index, at, from, council: council?.v }
}

type Row = ReturnType<typeof plain> & {
  readonly new: boolean
  readonly said?: SaidToCouncil
  readonly unreadable?: Reason
  readonly decision?: AppealedDecision | undefined
}

function textOf(
  { type, at, from, new: isNew, said, unreadable, decision }: Row,
  nameOf: (id: MemberId) => string,
): string {
  const lines = [`${ledgerMoment(at)}  ${type} by ${nameOf(from)}${isNew ? '  (new)' : ''}`]
  if (unreadable !== undefined) lines.push(`  ${sentenceOf(unreadable)} (${unreadable})`)
  if (said?.type === 'report') {
    lines.push(
      `  of ${nameOf(said.of)}, for ${said.why}${said.room === undefined ? '' : `, in room ${said.room}`}`,
    )
  }
  if (decision !== undefined) lines.push(`  ${decisionText(decision, nameOf)}`)
  if (said?.words !== undefined) lines.push(`  ${said.words}`)
  return lines.join('\n')
}

function decisionText(decision: AppealedDecision, nameOf: (id: MemberId) => string): string {
  const when = ledgerMoment(decision.at)
  if (decision.what === 'notice') return `about the notice of ${when}`
  const whose =
    decision.what === 'ban' ? 'the ban' : `the ban of ${nameOf(decision.member)}, which cut them off,`
  return `about ${whose} for ${decision.why} of ${when}${decision.lifted ? ', lifted since' : ''}`
}
