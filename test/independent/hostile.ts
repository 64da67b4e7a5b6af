import type { Value } from '../../protocol/codec.ts'
import { unhex } from './bytes.ts'
import { type Dice, dice } from './dice.ts'
import { DAY, members } from './history.ts'
import { brokenEntry, MISTAKES } from './mistakes.ts'
import { MOVES } from './moves.ts'
import { type Outcome, yes } from './outcome.ts'
import { read, type Told } from './reader.ts'
import type { Scheme } from './scheme.ts'
import { NOWHERE, type POLICY_NUMBERS, type StatementType } from './statement.ts'
import { byRoot, type Draft, entryOf, found, log, payloadOf, seal, sealed, type World } from './world.ts'

/** A ledger as an enemy of the rules would write it, and what the second replay makes of it. */
export interface HostileLedger {
  readonly entries: readonly Uint8Array[]
  readonly told: Outcome<Told>
}

/** The same ledger for the same seed. Every kind of move and mistake of this folder comes in some of them. */
export function hostileLedger(scheme: Scheme, seed: number): HostileLedger {
  const chance = dice(seed)
  const founders = Array.from({ length: chance.of([1, 1, 2, 3]) }, () => scheme.newKey(chance)).sort()
  const born = 1_750_000_020 - 60 * chance.below(1000)
  const theme = chance.of(THEMES)
  const genesis = genesisOf(chance, scheme, founders, born, theme)
  if (chance.once(60)) {
    const entries = [brokenGenesis(chance, scheme, genesis, born)]
    return { entries, told: read(scheme.check, entries) }
  }
  const world = found(chance, scheme, genesis, born + chance.of([0, 60, 86_400]))
  settle(world, theme)
  const bag = bagOf(chance, theme)
  // Most are short, where a rule is reached soon and many ledgers are read; some are long.
  const length = world.entries.length + chance.below(chance.of([15, 25, 40, 2 * theme.entries]))
  while (world.entries.length < length) oneMore(world, bag)
  const { entries, reading } = world
  if (!chance.once(30)) return { entries, told: yes({ reading }) }
  const end = brokenEntry(world, seal(world, lastWord(world)))
  return { entries: [...entries, end], told: read(scheme.check, [...entries, end]) }
}

/** What a ledger is mostly about. */
interface Theme {
  readonly entries: number
  readonly often: readonly StatementType[]
  readonly policy?: Readonly<Partial<Record<(typeof POLICY_NUMBERS)[number] | 'mode', Value>>>
  /** Guests of the founders before anything happens. */
  readonly guests?: number
  /** Moves of which none goes wrong in this many. */
  readonly calm: number
  /** Seconds that pass between two entries. */
  readonly steps: readonly number[]
}

const MIXED = [0, 0, 0, 60, 60, 300, 3600, 3600, DAY, DAY, 3 * DAY, 7 * DAY, 30 * DAY]
const SLOW = [0, 3600, DAY, DAY, 2 * DAY, 7 * DAY]
const QUICK = [0, 60, 60, 60, 600, 3600]

const THEMES: readonly Theme[] = [
  { entries: 25, often: [], calm: 3, steps: MIXED },
  { entries: 30, often: ['invite', 'join', 'invite-void', 'repudiate', 'leak'], calm: 4, steps: QUICK },
  {
    entries: 35,
    often: ['invite', 'join', 'room-open', 'attest', 'attest', 'attest', 'claim', 'room-end'],
    calm: 8,
    steps: QUICK,
    guests: 4,
  },
  {
    entries: 30,
    often: ['room-open', 'attest', 'attest', 'attest', 'claim', 'claim', 'invite', 'join'],
    calm: 8,
    steps: MIXED,
    guests: 5,
    policy: { 'claim-attesters': 1, 'claim-rooms': 1, 'claim-minutes': 2, 'claim-outside': 0 },
  },
  {
    entries: 35,
    often: ['notice', 'notice', 'ban', 'ban', 'unban', 'appeal', 'appeal', 'vouch', 'invite', 'join'],
    calm: 8,
    steps: SLOW,
    guests: 3,
  },
  {
    entries: 35,
    often: ['notice', 'notice', 'ban', 'ban', 'vouch', 'invite', 'invite', 'invite', 'join'],
    calm: 20,
    steps: SLOW,
    guests: 6,
    policy: { 'answer-days': 90, 'ban-points': 5, 'fade-days': 45, 'pause-points': 4 },
  },
  {
    entries: 25,
    often: ['guardians', 'recover', 'recover', 'root-rotate', 'device-add', 'device-remove'],
    calm: 6,
    steps: SLOW,
    guests: 4,
  },
  {
    entries: 25,
    often: ['equivocation', 'device-add', 'report', 'erase', 'guardians', 'leak', 'log-fork'],
    calm: 4,
    steps: MIXED,
    guests: 3,
  },
  {
    entries: 25,
    often: ['council', 'stewards', 'certify', 'log-rotate', 'ban', 'unban', 'invite-void'],
    calm: 5,
    steps: MIXED,
    guests: 3,
  },
  {
    entries: 60,
    often: ['vouch', 'vouch', 'vouch', 'vouch', 'vouch', 'vouch'],
    calm: 30,
    steps: QUICK,
    guests: 13,
    policy: { mode: 'open', 'founder-slots': 20 },
  },
  {
    entries: 30,
    often: ['vouch', 'ban', 'ban', 'unban', 'invite', 'join', 'join', 'leave'],
    calm: 10,
    steps: MIXED,
    guests: 4,
  },
]

/** Founders come in, with a device each, and some guests. */
function settle(world: World, { guests = 0 }: Theme): void {
  for (const root of world.reading.history.genesis.founders) {
    if (world.dice.once(6)) continue
    const identity = { root: unhex(root), profile: world.dice.bytes(32), n: 0, at: world.now }
    log(world, seal(world, { type: 'identity', fields: identity, signers: [root] }))
  }
  for (const { id } of members(world.reading.history)) {
    const key = world.scheme.newKey(world.dice)
    log(world, seal(world, byRoot(world, 'device-add', id, { device: unhex(key) }, [key])))
  }
  for (let i = 0; i < 2 * guests; i++) {
    const draft = MOVES[i % 2 === 0 ? 'invite' : 'join'](world)
    if (draft) log(world, seal(world, draft))
  }
}

interface Bag {
  readonly moves: readonly Exclude<StatementType, 'genesis'>[]
  readonly calm: number
  readonly steps: readonly number[]
}

/** Every type once, what the theme wants often, and three more of a few by chance: so one ledger is unlike another. */
function bagOf(chance: Dice, { often, calm, steps }: Theme): Bag {
  const types = Object.keys(MOVES) as Exclude<StatementType, 'genesis'>[]
  const lively = chance.once(2) ? types : []
  const favourites = Array.from({ length: 3 }, () => chance.of(types))
  const wanted = often as readonly Exclude<StatementType, 'genesis'>[]
  return {
    moves: [...lively, ...favourites, ...wanted, ...wanted, ...wanted, 'invite', 'join', 'invite', 'join'],
    calm,
    steps,
  }
}

function oneMore(world: World, { moves, calm, steps }: Bag): void {
  const { dice } = world
  const soon = moments(world)
  world.now = dice.once(3) && soon.length > 0 ? dice.of(soon) : world.now + dice.of(steps)
  const draft = MOVES[dice.of(moves)](world) ?? lastWord(world)
  log(world, dice.once(calm) ? dice.of(MISTAKES)(world, draft) : seal(world, draft))
}

/** Times at which a rule begins or ceases to hold, and the minutes beside them: mistakes of one second are found nowhere else. */
function moments({ reading: { history }, now }: World): readonly number[] {
  const { genesis, facts } = history
  const { policy } = genesis
  const at = [genesis.at + policy['opening-days'] * DAY]
  for (const { said, t } of facts) {
    if (said.type === 'invite' && said.fields.exp !== undefined) at.push(said.fields.exp)
    if (said.type === 'join')
      at.push(t + policy['wait-days'] * DAY, t + policy['undo-hours'] * 3600, t + policy['answer-days'] * DAY)
    if (said.type === 'vouch') at.push(t + policy['answer-days'] * DAY)
    if (said.type === 'recover') at.push(t + 7 * DAY)
    if (said.type === 'notice') at.push(t + DAY, t + 30 * DAY)
    if (said.type === 'appeal') at.push(t + 30 * DAY)
    if (said.type === 'ban') at.push(t + policy['fade-days'] * DAY, t + DAY)
    if (said.type === 'room-end') at.push(t + DAY)
    if (said.type === 'claim') at.push(t + policy['claim-days'] * DAY)
  }
  return at.flatMap((t) => [t - 60, t, t, t + 60]).filter((t) => t >= now)
}

/** Somebody always has something to say, if only who they are. */
function lastWord(world: World): Draft {
  return MOVES.report(world) ?? (MOVES.identity(world) as Draft)
}

function genesisOf(
  chance: Dice,
  scheme: Scheme,
  founders: readonly string[],
  at: number,
  { policy = {} }: Theme,
): Draft {
  const strangers = Array.from({ length: chance.below(3) }, () => scheme.newKey(chance))
  const keys = [...strangers, ...founders.slice(0, strangers.length === 0 ? 1 : chance.below(2))].sort()
  const witnesses = Array.from({ length: chance.below(3) }, () => scheme.newKey(chance)).sort()
  const fields = {
    name: 'The listening room',
    nonce: chance.bytes(32),
    founders: founders.map(unhex),
    council: { k: 1 + chance.below(keys.length), keys: keys.map(unhex) },
    log: unhex(scheme.newKey(chance)),
    witnesses: { k: chance.below(witnesses.length + 1), keys: witnesses.map(unhex) },
    policy: { ...policyOf(chance), ...policy } as Record<string, Value>,
    at,
  }
  return { type: 'genesis', fields, signers: founders }
}

/** Numbers small enough that each rule comes to bear within a few dozen entries; any of them may be 0. */
function policyOf(chance: Dice): Record<string, Value> {
  const below = (n: number): number => (chance.once(8) ? 0 : chance.below(n))
  return {
    mode: chance.of(['default', 'default', 'open', 'strict']),
    'founder-slots': 2 + chance.below(10),
    'first-slots': below(5),
    'more-slots': below(4),
    'opening-days': below(40),
    'wait-days': below(9),
    'claim-days': below(6),
    'claim-attesters': below(3),
    'claim-rooms': below(3),
    'claim-minutes': below(30),
    'claim-outside': below(3),
    'answer-days': below(90),
    'ban-points': below(12),
    'fade-days': below(60),
    'slot-points': below(6),
    'pause-points': below(16),
    'undo-hours': below(60),
  }
}

function brokenGenesis(chance: Dice, scheme: Scheme, genesis: Draft, at: number): Uint8Array {
  const { fields } = genesis
  const change = (wrong: Record<string, Value>): Draft => ({ ...genesis, fields: { ...fields, ...wrong } })
  const founders = fields.founders as readonly Uint8Array[]
  const policy = fields.policy as Record<string, Value>
  const draft = chance.of<Draft>([
    change({ name: ' edge' }),
    change({ name: 'x'.repeat(81) }),
    change({ name: 'hidden\u200b' }),
    change({ founders: [...founders, ...founders] }),
    change({ founders: [] }),
    change({ council: { k: 3, keys: [founders[0] as Uint8Array] } }),
    change({ witnesses: { k: 1, keys: [] } }),
    change({ policy: { ...policy, mode: 'closed' } }),
    change({ policy: { ...policy, 'more-days': 1 } }),
    change({ policy: { ...policy, 'first-slots': 1_000_001 } }),
    change({ at: at + 360 }),
    change({ at: at + 1 }),
    change({ x: 1 }),
    { ...genesis, type: 'identity' },
    { ...genesis, type: 'nothing' },
    { ...genesis, signers: [scheme.newKey(chance)] },
    { ...genesis, signers: [...genesis.signers, scheme.newKey(chance)] },
  ])
  const payload = payloadOf(draft, chance.once(9) ? '33'.repeat(32) : undefined)
  return entryOf(at, sealed(scheme, draft, chance.once(9) ? '33'.repeat(32) : NOWHERE, payload))
}
