import { type Command, Option } from 'commander'
import { BAN, NOTICE, UNBAN, type Why } from '../../../protocol/community/ban.ts'
import { COUNCIL, LOG_ROTATE, STEWARDS } from '../../../protocol/community/council.ts'
import { INVITE_VOID } from '../../../protocol/community/invite-void.ts'
import type { Membership } from '../../../protocol/community/membership.ts'
import type { PayloadType } from '../../../protocol/envelope.ts'
import { compareTexts, type KeyText, parseId, type StatementId } from '../../../protocol/ids.ts'
import { MAX_SIGNATURES, MAX_WITNESSES } from '../../../protocol/limits.ts'
import { type Decided, sealCouncilAct } from '../../community/acts.ts'
import type { Declare, Start, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { CliError, EXIT, type ExitStatus, RefusedError } from '../failure.ts'
import { type HomeOptions, visiting, withHomeOptions } from './home.ts'
import { type PhraseOptions, readPhrase, withPhraseOption } from './phrase.ts'
import { writeRequest } from './request.ts'
import { rootAmong } from './roots.ts'
import { memberBy, parseCount, parseKey, parseStatementId } from './targets.ts'

interface DecideOptions extends HomeOptions, PhraseOptions {
  readonly out?: string
}

interface WhyOptions extends DecideOptions {
  readonly reason: Why
}

export const REASONS: readonly Why[] = ['spam', 'abuse', 'fake', 'illegal', 'other']
/** The highest index of an entry that anybody will cut at. */
const MAX_INDEX = 1_000_000_000

const MEMBER = 'id of the member, or how it begins'

/** Short forms of what the council does most. */
export const declareBan: Declare = (program, start) => addBan(program, start, 'palabre ban')
export const declareUnban: Declare = (program, start) => addUnban(program, start, 'palabre unban')

/** Acts of the council, below `community`. */
export function declareCouncilActs(group: Command, start: Start): void {
  decision(group, 'council', 'Make the next council: so many of these root keys decide from now on.')
    .argument('<needed>', 'how many of them have to sign', parseCount(1, MAX_SIGNATURES))
    .argument('<key...>', 'root keys: see "palabre identity show"', (text, keys: readonly KeyText[] = []) => [
      ...keys,
      parseKey(text),
    ])
    .action(start(council))
  decision(
    group,
    'stewards',
    'Name the stewards, who give badges to room creators; with nobody, there are none.',
  )
    .argument('[member...]', 'ids of members, or how they begin')
    .action(start(stewards))
  whyOption(
    decision(
      group,
      'notice',
      'Tell the sponsors of somebody that the council is about to act, a day before.',
    ),
  )
    .argument('<member>', MEMBER)
    .action(start(notice))
  declareInviteVoid(group, start)
  declareLogRotate(group, start)
  addBan(group, start, 'palabre community ban')
  addUnban(group, start, 'palabre community unban')
}

function declareInviteVoid(group: Command, start: Start): void {
  decision(group, 'invite-void', 'As the council, withdraw an invitation that nobody used, whoever made it.')
    .argument('<invitation>', 'its id: "palabre audit --member" lists those of a sponsor', parseStatementId)
    .addHelpText(
      'after',
      examples(
        [
          'palabre audit https://palabre.example --member 3hQ8mZk1',
          'the slots of a sponsor, with the ids of invitations',
        ],
        [
          'palabre community invite-void <invitation>',
          'nobody comes in with it; the sponsor has the slot again',
        ],
      ),
    )
    .action(start(inviteVoid))
}

function declareLogRotate(group: Command, start: Start): void {
  decision(group, 'log-rotate', 'As the council, hand the log of the community to another key.')
    .argument(
      '<log key>',
      'as "npm start -- --next-log-key" printed it on the relay that takes over',
      parseKey,
    )
    .option(
      '--witness <key...>',
      'witness keys from then on, each as a relay states it; left out: they stay as they are',
      (text: string, keys: readonly KeyText[] = []) => [...keys, parseKey(text)],
    )
    .option('--no-witnesses', 'no witnesses from then on')
    .option(
      '--needed <n>',
      'how many of these witnesses make an entry final; left out: all of them',
      parseCount(0, MAX_WITNESSES),
    )
    .addHelpText(
      'after',
      examples(
        [
          'npm start -- --next-log-key',
          'on the relay that takes over and follows as a --mirror: prints its key',
        ],
        [
          'palabre community log-rotate <log key>',
          'from the next entry on the new relay takes what is submitted',
        ],
        [
          'palabre community log-rotate <log key> --out rotate.json',
          'where others have to sign too: see "palabre sign"',
        ],
        [
          'palabre community log-rotate <log key> --witness <key> --witness <key> --needed 1',
          'with other witnesses',
        ],
      ),
    )
    .action(start(logRotate))
}

function addBan(parent: Command, start: Start, name: string): void {
  whyOption(decision(parent, 'ban', 'As the council, ban somebody.'))
    .argument('<member>', MEMBER)
    .option(
      '--cut <index>',
      'with everybody below them who came in at this index of the ledger or later, and has no sponsor elsewhere; 0: all of them',
      parseCount(0, MAX_INDEX),
    )
    .addHelpText(
      'after',
      examples(
        [`${name} 3hQ8mZk1 --reason spam`, 'where one signature is enough'],
        [`${name} 3hQ8mZk1 --reason fake --cut 0`, 'with the branch below'],
        [
          `${name} 3hQ8mZk1 --reason spam --out ban.json`,
          'where others have to sign too: see "palabre sign"',
        ],
      ),
    )
    .action(start(ban))
}

function addUnban(parent: Command, start: Start, name: string): void {
  decision(parent, 'unban', 'As the council, lift a ban, with what it cut and what it charged.')
    .argument('<member>', `${MEMBER}; or id of the ban`)
    .addHelpText('after', examples([`${name} 3hQ8mZk1`, 'lift the ban of the member whose id begins so']))
    .action(start(unban))
}

function decision(parent: Command, name: string, description: string): Command {
  return withPhraseOption(withHomeOptions(parent.command(name)))
    .description(description)
    .option('--out <file>', 'write a request that others sign, instead of sending it')
}

function whyOption(command: Command): Command {
  return command.addOption(new Option('--reason <why>', 'why').choices(REASONS).makeOptionMandatory())
}

function council(
  terminal: Terminal,
  needed: number,
  keys: readonly KeyText[],
  options: DecideOptions,
): Promise<ExitStatus> {
  const distinct = inOrder(keys)
  if (needed > distinct.length || distinct.length > MAX_SIGNATURES)
    throw new CliError(
      'council-impossible',
      `A council has 1 to ${MAX_SIGNATURES} keys, and needs no more signatures than it has keys.`,
    )
  return decide(terminal, options, COUNCIL, (decided) => ({ ...decided, k: needed, keys: distinct }))
}

/** As a set: each once, in the order of their bytes (SCHEMA-4). */
function inOrder(keys: readonly KeyText[]): readonly KeyText[] {
  return [...new Set(keys)].sort(compareTexts)
}

function stewards(terminal: Terminal, typed: readonly string[], options: DecideOptions): Promise<ExitStatus> {
  if (typed.length > MAX_SIGNATURES)
    throw new CliError('stewards-too-many', `There are at most ${MAX_SIGNATURES} stewards.`)
  return decide(terminal, options, STEWARDS, (decided, state) => {
    const of = [...new Set(typed.map((one) => memberBy(state, one)))]
    return { ...decided, of: of.sort(compareTexts) }
  })
}

function notice(terminal: Terminal, typed: string, options: WhyOptions): Promise<ExitStatus> {
  return decide(terminal, options, NOTICE, (decided, state) => ({
    ...decided,
    m: memberBy(state, typed),
    why: options.reason,
  }))
}

function ban(
  terminal: Terminal,
  typed: string,
  options: WhyOptions & { readonly cut?: number },
): Promise<ExitStatus> {
  const { cut, reason: why } = options
  return decide(terminal, options, BAN, (decided, state) => ({
    ...decided,
    m: memberBy(state, typed),
    why,
    ...(cut === undefined ? {} : { cut }),
  }))
}

function unban(terminal: Terminal, typed: string, options: DecideOptions): Promise<ExitStatus> {
  return decide(terminal, options, UNBAN, (decided, state) => ({ ...decided, ban: banBy(state, typed) }))
}

function inviteVoid(terminal: Terminal, invite: StatementId, options: DecideOptions): Promise<ExitStatus> {
  return decide(terminal, options, INVITE_VOID, (decided) => ({ ...decided, invite }))
}

interface RotateOptions extends DecideOptions {
  readonly witness?: readonly KeyText[]
  /** False where `--no-witnesses` was said. */
  readonly witnesses: boolean
  readonly needed?: number
}

function logRotate(terminal: Terminal, log: KeyText, options: RotateOptions): Promise<ExitStatus> {
  const witnesses = witnessesOf(options)
  return decide(terminal, options, LOG_ROTATE, (decided) => ({
    ...decided,
    log,
    ...(witnesses === undefined ? {} : { witnesses }),
  }))
}

/** The witnesses from then on; undefined where they stay as they are. */
function witnessesOf({ witness, witnesses, needed }: RotateOptions) {
  if (witness === undefined && witnesses && needed === undefined) return undefined
  const keys = inOrder(witnesses ? (witness ?? []) : [])
  const k = needed ?? keys.length
  if ((!witnesses && witness !== undefined) || k > keys.length || keys.length > MAX_WITNESSES)
    throw new CliError(
      'witnesses-impossible',
      `There are at most ${MAX_WITNESSES} witnesses, named with --witness, and no more are needed than there are.`,
    )
  return { k, keys }
}

function banBy(state: Membership, typed: string): StatementId {
  const id = parseId<StatementId>(typed)
  if (id !== undefined && state.bans.has(id)) return id
  const member = state.members.get(memberBy(state, typed))
  if (member?.standing !== 'banned' || member.by === undefined)
    throw new RefusedError('ban-unknown', 'This member is not banned.')
  return member.by
}

/** Makes a statement of the council: has it taken where one signature is enough, or writes it down for others to sign. */
async function decide<T>(
  terminal: Terminal,
  options: DecideOptions,
  kind: PayloadType<T>,
  say: (decided: Decided, state: Membership) => T,
): Promise<ExitStatus> {
  const { out } = options
  return visiting(terminal, options, async (visit) => {
    const { k, keys } = visit.state.council
    if (out === undefined && k > 1)
      throw new RefusedError(
        'council-minority',
        `This takes ${k} signatures: prepare it with --out, and have it signed.`,
      )
    const phrase = await readPhrase(terminal, options)
    const signer = await rootAmong(visit.state.genesis.payload.nonce, phrase, keys)
    const make = (state: Membership) =>
      sealCouncilAct(state, kind, (decided) => say(decided, state), [signer], visit.now())
    if (out === undefined) {
      const { id, payload } = await visit.acting.once(make)
      terminal.output.result(
        { type: kind.type, statement: id, payload },
        `The ${kind.type} is in the ledger.`,
      )
      return EXIT.ok
    }
    const { bytes, payload } = await make(visit.state)
    await writeRequest(terminal, out, bytes)
    terminal.output.result(
      { type: kind.type, file: out, payload, signed: 1, needed: k },
      `${out} holds the ${kind.type}, signed by you; it takes ${k} in all. Others add theirs with "palabre sign".`,
    )
    return EXIT.ok
  })
}
