import { encodeValue, type Value } from '../../protocol/codec.ts'
import { ascii, concat, hex, sha256, unhex } from './bytes.ts'
import {
  all,
  council,
  devices,
  type Fact,
  guest,
  isHeld,
  isLifted,
  isSpent,
  lastNotice,
  logKeys,
  type Member,
  member,
  members,
  room,
  roomEnd,
  type Standing,
  slots,
  standing,
  stewards,
} from './history.ts'
import type { StatementType } from './statement.ts'
import {
  byCouncil,
  byDevice,
  byRoot,
  community,
  type Draft,
  deviceOf,
  idOf,
  rootOf,
  seal,
  somebody,
  type World,
} from './world.ts'

/** A statement that would mostly hold here and now, or nothing when there is no occasion for one. */
export type Move = (world: World) => Draft | undefined

const WHY = ['spam', 'abuse', 'fake', 'illegal', 'other'] as const

/** One move for each type of statement but the genesis. */
export const MOVES: Readonly<Record<Exclude<StatementType, 'genesis'>, Move>> = {
  identity: (world) => {
    const { history } = world.reading
    const here = members(history).map(({ firstRoot }) => firstRoot)
    const absent = history.genesis.founders.filter((root) => !here.includes(root))
    const root = absent.length === 0 || world.dice.once(20) ? anyKey(world) : world.dice.of(absent)
    return identityOf(world, root)
  },
  'device-add': by((world, { id }) => {
    const key = world.dice.once(15) ? anyKey(world) : world.scheme.newKey(world.dice)
    return byRoot(world, 'device-add', id, { device: unhex(key) }, [key])
  }),
  'device-remove': by((world, { id }) => {
    const known = devices(world.reading.history)
    const own = known.filter(({ m }) => m === id)
    const pool = own.length === 0 || world.dice.once(8) ? known : own
    if (pool.length === 0) return undefined
    return byRoot(world, 'device-remove', id, { device: unhex(world.dice.of(pool).key) })
  }),
  guardians: by((world, { id }) => {
    const pool = world.dice.once(10) ? members(world.reading.history) : others(world, id)
    const of = some(
      world,
      pool.map((one) => one.id),
      1,
      3,
    )
    const k = Math.max(1, of.length - world.dice.below(2))
    return of.length === 0 ? undefined : byRoot(world, 'guardians', id, { k, of: of.map(unhex) })
  }),
  'root-rotate': by((world, { id }) => {
    const root = world.dice.once(10) ? anyKey(world) : world.scheme.newKey(world.dice)
    return byRoot(world, 'root-rotate', id, { root: unhex(root) }, [root])
  }),
  recover,
  invite,
  join: (world) => {
    const { history } = world.reading
    const invites = all(history, 'invite')
    const unused = invites.filter(({ said }) => !guest(history, said.id))
    const pool = unused.length === 0 || world.dice.once(12) ? invites : unused
    return pool.length === 0 ? undefined : joinWith(world, world.dice.of(pool))
  },
  'invite-void': (world) => {
    const { history } = world.reading
    const invites = all(history, 'invite')
    const unused = invites.filter(({ said }) => !guest(history, said.id))
    const pool = unused.length === 0 || world.dice.once(6) ? invites : unused
    if (pool.length === 0) return undefined
    const { said } = world.dice.of(pool)
    if (world.dice.once(3)) return byCouncil(world, 'invite-void', { invite: unhex(said.id) })
    const m = world.dice.once(10) ? world.dice.of(members(history)).id : said.fields.m
    return byDevice(world, 'invite-void', m, { invite: unhex(said.id) })
  },
  repudiate: (world) => {
    const { history } = world.reading
    const invites = all(history, 'invite')
    const used = invites.filter(({ said }) => guest(history, said.id)).slice(-3)
    const pool = used.length === 0 || world.dice.once(6) ? invites : used
    if (pool.length === 0) return undefined
    const { said } = world.dice.of(pool)
    const m = world.dice.once(10) ? world.dice.of(members(history)).id : said.fields.m
    return byDevice(world, 'repudiate', m, { invite: unhex(said.id) })
  },
  vouch: by((world, { id }) => {
    const cut = byStanding(world, 'cut')
    const pool = world.dice.once(3) && cut.length > 0 ? cut : others(world, id)
    if (pool.length === 0) return undefined
    const favourite = world.dice.once(3) ? undefined : pool[3]
    return byDevice(world, 'vouch', id, { for: favourite ? unhex(favourite.id) : target(world, pool) })
  }),
  leave: by((world, { id }) => byRoot(world, 'leave', id, {})),
  erase: by((world, { id }) =>
    world.dice.once(2) ? byRoot(world, 'erase', id, {}) : byDevice(world, 'erase', id, {}),
  ),
  'room-open': by((world, { id }) => {
    const rooms = all(world.reading.history, 'room-open')
    const again = world.dice.once(15) && rooms.length > 0
    const open = again ? unhex(world.dice.of(rooms).said.fields.room) : world.dice.bytes(32)
    return byDevice(world, 'room-open', id, { room: open, title: world.dice.bytes(32) })
  }),
  'room-end': (world) => {
    const open = someRoom(world)
    if (!open) return undefined
    const m = world.dice.once(8) ? world.dice.of(members(world.reading.history)).id : open.said.fields.m
    return byDevice(world, 'room-end', m, { room: unhex(open.said.fields.room) })
  },
  attest,
  claim: (world) => {
    const { history } = world.reading
    const attests = all(history, 'attest')
    const fresh = attests.filter(({ said }) => !isSpent(history, said.id))
    const pool = fresh.length === 0 || world.dice.once(4) ? attests : fresh
    if (pool.length === 0) return undefined
    const claimer = world.dice.of(pool).said.fields.for
    const own = world.dice.once(8) ? pool : pool.filter(({ said }) => said.fields.for === claimer)
    const refs = some(
      world,
      own.map(({ said }) => said.id),
      Math.min(own.length, 3),
      32,
    )
    return byDevice(world, 'claim', claimer, { refs: refs.map(unhex) })
  },
  certify: (world) => {
    const { history } = world.reading
    const named = stewards(history)
    const everybody = members(history)
    if (everybody.length === 0) return undefined
    const m = named.length === 0 || world.dice.once(8) ? world.dice.of(everybody).id : world.dice.of(named)
    return byDevice(world, 'certify', m, { for: target(world, everybody), on: !world.dice.once(3) })
  },
  report: by((world, { id }) =>
    byDevice(world, 'report', id, { sealed: world.dice.bytes(1 + world.dice.below(60)) }),
  ),
  appeal: by((world, { id }) => {
    const { history } = world.reading
    const decided = members(history).filter(
      (one) => standing(history, one.id) !== 'active' || lastNotice(history, one.id),
    )
    const m = decided.length === 0 || world.dice.once(8) ? id : world.dice.of(decided).id
    const said = { sealed: world.dice.bytes(1 + world.dice.below(60)) }
    return world.dice.once(2) ? byRoot(world, 'appeal', m, said) : byDevice(world, 'appeal', m, said)
  }),
  notice: (world) => {
    const everybody = members(world.reading.history)
    if (everybody.length === 0) return undefined
    return byCouncil(world, 'notice', { m: target(world, everybody), why: world.dice.of(WHY) })
  },
  ban: (world) => {
    const { history, entries } = world.reading
    const told = all(history, 'notice').map(({ said }) => member(history, said.fields.m) as Member)
    const everybody = members(history)
    const pool = told.length === 0 || world.dice.once(3) ? everybody : told
    if (pool.length === 0) return undefined
    return byCouncil(world, 'ban', {
      m: target(world, pool),
      why: world.dice.of(WHY),
      ...(world.dice.once(4) && { note: world.dice.bytes(32) }),
      ...(world.dice.once(2) && { cut: world.dice.once(2) ? 0 : world.dice.below(entries + 3) }),
    })
  },
  unban: (world) => {
    const { history } = world.reading
    const bans = all(history, 'ban')
    const inForce = bans.filter(({ said }) => !isLifted(history, said.id))
    const pool = inForce.length === 0 || world.dice.once(8) ? bans : inForce
    return pool.length === 0
      ? undefined
      : byCouncil(world, 'unban', { ban: unhex(world.dice.of(pool).said.id) })
  },
  council: (world) => {
    const fresh = Array.from({ length: 1 + world.dice.below(3) }, () => world.scheme.newKey(world.dice))
    const { keys } = council(world.reading.history)
    const all = [...new Set([...fresh, ...keys.slice(0, world.dice.below(2)), ...founders(world)])].sort()
    const k = 1 + world.dice.below(Math.min(3, all.length) + (world.dice.once(10) ? 2 : 0))
    return byCouncil(world, 'council', { k, keys: all.map(unhex) })
  },
  stewards: (world) => {
    const of = some(
      world,
      members(world.reading.history).map(({ id }) => id),
      0,
      4,
    )
    return byCouncil(world, 'stewards', { of: of.map(unhex) })
  },
  'log-rotate': (world) => {
    const { history } = world.reading
    const log = world.dice.once(4) ? world.dice.of(logKeys(history)) : world.scheme.newKey(world.dice)
    const keys = Array.from({ length: world.dice.below(3) }, () => world.scheme.newKey(world.dice)).sort()
    const witnesses = { k: world.dice.below(keys.length + 1), keys: keys.map(unhex) }
    return byCouncil(world, 'log-rotate', { log: unhex(log), ...(world.dice.once(2) && { witnesses }) })
  },
  equivocation,
  leak,
  'log-fork': logFork,
}

function by(make: (world: World, one: Member) => Draft | undefined): Move {
  return (world) => {
    const one = somebody(world)
    return one && make(world, one)
  }
}

function identityOf(world: World, root: string): Draft {
  const fields = { root: unhex(root), profile: world.dice.bytes(32), n: 0, at: world.now }
  return { type: 'identity', fields, signers: [root] }
}

function recover(world: World): Draft | undefined {
  const { history } = world.reading
  const named = all(history, 'guardians')
  const one =
    named.length === 0 || world.dice.once(12) ? somebody(world)?.id : world.dice.of(named).said.fields.m
  if (one === undefined) return undefined
  const guardians = named.findLast(({ said }) => said.fields.m === one)?.said.fields
  const root = world.dice.once(12) ? anyKey(world) : world.scheme.newKey(world.dice)
  const most = guardians && world.dice.once(6) ? guardians.k - 1 : guardians?.of.length
  const helpers = (guardians?.of ?? []).slice(0, most).map((m) => deviceOf(world, m))
  const signers = [root, ...helpers.filter((key) => key !== undefined)]
  return { type: 'recover', fields: { m: unhex(one), root: unhex(root), at: world.now }, signers }
}

function invite(world: World): Draft | undefined {
  const { history } = world.reading
  const one = somebody(world)
  if (!one) return undefined
  const { dice, scheme } = world
  const given = slots(history, one)
  const free = Array.from({ length: Math.min(given, 40) }, (_, slot) => slot).filter(
    (slot) => !isHeld(history, one.id, slot),
  )
  // The highest is the first that points take away (SLOT-6).
  const open = dice.once(2) ? free.slice(-1) : free
  const slot = open.length === 0 || dice.once(12) ? dice.below(given + 2) : dice.of(open)
  const key = dice.once(25) ? anyKey(world) : scheme.newKey(dice)
  const exp = world.now + 60 * (dice.below(12 * 24 * 60) - 60)
  const root = dice.once(6) ? scheme.newKey(dice) : undefined
  if (root !== undefined) world.awaited.push(root)
  return byDevice(world, 'invite', one.id, {
    slot,
    key: unhex(key),
    ...(dice.once(4) && { exp: Math.max(0, exp) }),
    ...(root !== undefined && { for: unhex(root) }),
  })
}

function joinWith(world: World, { said }: Fact<'invite'>): Draft {
  const { dice, scheme } = world
  const own = said.fields.for !== undefined && !dice.once(5) ? said.fields.for : undefined
  const root = own ?? (dice.once(15) ? anyKey(world) : scheme.newKey(dice))
  const device = dice.once(20) ? dice.of([anyKey(world), root, said.fields.key]) : scheme.newKey(dice)
  const identity = identityOf(world, root)
  const m = idOf(world, identity)
  const add: Draft = {
    type: 'device-add',
    fields: {
      m: unhex(dice.once(40) ? hex(dice.bytes(32)) : m),
      device: unhex(device),
      n: dice.once(40) ? dice.below(4) : 1,
      prev: dice.once(40) ? dice.bytes(32) : unhex(m),
      at: world.now,
    },
    signers: dice.once(40) ? [root] : [root, device],
  }
  const prev = dice.once(40) ? dice.bytes(32) : unhex(idOf(world, add))
  const fields = {
    invite: unhex(said.id),
    identity: seal(world, dice.once(40) ? { ...identity, signers: [device] } : identity),
    device: seal(world, add),
    n: 0,
    prev,
    at: world.now,
  }
  return { type: 'join', fields, signers: [device, said.fields.key] }
}

function attest(world: World): Draft | undefined {
  const { history } = world.reading
  const { dice } = world
  const open = someRoom(world)
  const one = somebody(world)
  if (!one || (!open && !dice.once(4))) return undefined
  const pool = others(world, one.id)
  if (pool.length === 0) return undefined
  const hosted = dice.once(4)
  const end = (open && roomEnd(history, open.said.fields.room)) ?? world.now
  const lasted = open ? Math.floor((end - open.t) / 60) + 1 : 5
  const minutes = Math.max(1, Math.min(1440, dice.once(8) ? lasted + 1 : dice.below(lasted) + 1))
  return byDevice(world, 'attest', one.id, {
    for: hosted && open && !dice.once(4) ? unhex(open.said.fields.m) : target(world, pool),
    room: open ? unhex(open.said.fields.room) : dice.bytes(32),
    minutes,
    as: hosted ? 'hosted' : 'spoke',
  })
}

/** Two statements for one place: the second says the same a minute later. */
function equivocation(world: World): Draft | undefined {
  const { dice } = world
  const draft = someChained(world)
  if (!draft) return undefined
  const other = { ...draft, fields: { ...draft.fields, at: (draft.fields.at as number) + 60 } }
  const unlike = dice.once(8) ? someChained(world) : undefined
  const extra = dice.once(12) ? [anyKey(world)] : []
  const pair = [
    { draft, bytes: seal(world, draft) },
    {
      draft: unlike ?? other,
      bytes: seal(world, { ...(unlike ?? other), signers: [...other.signers, ...extra] }),
    },
  ].sort((x, y) => (idOf(world, x.draft) < idOf(world, y.draft) ? -1 : 1))
  if (dice.once(10)) pair.reverse()
  const [a, b] = pair.map((one) => one.bytes)
  return byAnybody(world, 'equivocation', { a: a as Uint8Array, b: b as Uint8Array })
}

/** Anything that was said with a number, in effect or void. */
function someChained(world: World): Draft | undefined {
  const pool = [...world.said.values()].filter(isPlaced)
  return pool.length === 0 ? undefined : world.dice.of(pool)
}

/** One of which there can be a twin, a minute later. */
export function isPlaced({ fields }: Draft): boolean {
  return fields.n !== undefined && typeof fields.at === 'number' && fields.at < 2 ** 52
}

function leak(world: World): Draft | undefined {
  const { history } = world.reading
  const invites = all(history, 'invite')
  const used = invites.filter(({ said }) => guest(history, said.id))
  const pool = used.length === 0 || world.dice.once(8) ? invites : used
  if (pool.length === 0) return undefined
  const same = all(history, 'join').map(({ said }) => world.said.get(said.id))
  const old = world.dice.once(8) && same.length > 0 ? world.dice.of(same) : undefined
  return byAnybody(world, 'leak', { join: seal(world, old ?? joinWith(world, world.dice.of(pool))) })
}

/** Two checkpoints of one size that a log key signed. */
function logFork(world: World): Draft {
  const { dice, scheme } = world
  const log = dice.once(8) ? scheme.newKey(dice) : dice.of(logKeys(world.reading.history))
  const size = 1 + dice.below(6)
  const notes = [checkpoint(world, log, size), checkpoint(world, log, dice.once(8) ? size + 1 : size)]
  if (dice.once(8)) notes[1] = notes[0] as Uint8Array
  const [a, b] = dice.once(8) ? notes : notes.sort((x, y) => (hex(x) < hex(y) ? -1 : 1))
  const evidence = {
    kind: 'fork',
    c: dice.once(12) ? dice.bytes(32) : unhex(community(world)),
    log: unhex(log),
    a: a as Uint8Array,
    b: b as Uint8Array,
  }
  const bytes = encodeValue(evidence)
  return byAnybody(world, 'log-fork', { evidence: dice.once(12) ? bytes.subarray(1) : bytes })
}

/** c2sp.org/tlog-checkpoint, with the line that says which state the log came to. */
export function checkpoint({ scheme, dice, reading }: World, log: string, size: number): Uint8Array {
  const name = `palabre/v1/${base64(unhex(reading.history.community), 'base64url')}`
  const text = `${name}\n${size}\n${base64(dice.bytes(32))}\nstate ${base64(dice.bytes(32))}\n`
  const keyId = sha256(concat(ascii(`${name}\n`), Uint8Array.of(1), unhex(log))).subarray(0, 4)
  const signature = scheme.sign(log, ascii(text))
  return Uint8Array.from(Buffer.from(`${text}\n\u2014 ${name} ${base64(concat(keyId, signature))}\n`))
}

function base64(bytes: Uint8Array, as: 'base64' | 'base64url' = 'base64'): string {
  return Buffer.from(bytes).toString(as)
}

function byAnybody(world: World, type: string, fields: Readonly<Record<string, Value>>): Draft {
  const { dice, scheme } = world
  const signer = dice.once(2) ? (logKeys(world.reading.history).at(-1) as string) : scheme.newKey(dice)
  return { type, fields: { ...fields, at: world.now }, signers: [signer] }
}

// Who and what

/** Any key that somebody ever had, as whatever. */
export function anyKey(world: World): string {
  const { history } = world.reading
  return world.dice.of([
    ...history.genesis.founders,
    ...devices(history).map(({ key }) => key),
    ...members(history).map(({ firstRoot }) => firstRoot),
    ...members(history).map(({ id }) => rootOf(world, id)),
    ...all(history, 'invite').map(({ said }) => said.fields.key),
    ...all(history, 'recover').map(({ said }) => said.fields.root),
    ...world.awaited,
    world.scheme.newKey(world.dice),
  ])
}

function founders(world: World): readonly string[] {
  return world.dice.once(4) ? world.reading.history.genesis.founders : []
}

function others(world: World, id: string): readonly Member[] {
  return members(world.reading.history).filter((one) => one.id !== id)
}

/** One of these; more often the first of them, so that much happens to somebody. */
function target(world: World, pool: readonly Member[]): Uint8Array {
  const one = world.dice.once(3) ? (pool[0] as Member) : world.dice.of(pool)
  return unhex(one.id)
}

function byStanding(world: World, stand: Standing): readonly Member[] {
  const { history } = world.reading
  return members(history).filter(({ id }) => standing(history, id) === stand)
}

/** A few of these, in ascending order. */
function some(world: World, pool: readonly string[], least: number, most: number): readonly string[] {
  const count = Math.min(pool.length, Math.max(least, world.dice.below(most + 1)))
  const left = [...new Set(pool)]
  const out: string[] = []
  while (out.length < count && left.length > 0) out.push(...left.splice(world.dice.below(left.length), 1))
  return out.sort()
}

function someRoom(world: World): Fact<'room-open'> | undefined {
  const { history } = world.reading
  const rooms = all(history, 'room-open')
  const running = rooms.filter(({ said }) => roomEnd(history, said.fields.room) === undefined)
  const pool = running.length === 0 || world.dice.once(3) ? rooms : running
  return pool.length === 0 ? undefined : room(history, world.dice.of(pool).said.fields.room)
}
