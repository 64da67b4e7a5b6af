import { encodeValue, type Value } from '../../protocol/codec.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { DEFAULT_POLICY, type Policy } from '../../protocol/community/policy.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import { verifierOf } from './both.ts'
import { unhex } from './bytes.ts'
import { type Dice, dice } from './dice.ts'
import { toyScheme } from './scheme.ts'
import { covered, envelopeOf, NOWHERE } from './statement.ts'

/**
 * How many accounts one rogue member makes, by the real rules. A founder invites three honest members and the rogue on the first day. The honest
 * ones like the rogue: they attest 30 minutes in two rooms, which is a claim's worth. They never attest anybody whom the rogue made up, and nobody bans.
 *
 * From the claim on the rogue, who holds the keys of all their accounts, does everything at the first moment at which the rules let it take effect:
 * each account tries its next slot, and whoever comes in is an account more. Once a week all of them attest one another and claim with it.
 */
export interface Growth {
  readonly mode: Policy['mode']
  /** Accounts beside the rogue's own, at the end of each day from the claim on, and on the day that ends the time. */
  readonly byDay: readonly number[]
  /** Claims that took effect with attests of accounts for one another. */
  readonly ringClaims: number
  /** How often all accounts that there were invited whom they could. */
  readonly generations: number
}

const MINUTE = 60
const DAY = 86_400
const BORN = 1_800_000_000

/** @param enough accounts at which to stop, for a policy that does not */
export async function growth(mode: Policy['mode'], days: number, enough: number): Promise<Growth> {
  const { community, rogue, seenOnStage } = await village(mode)
  await community.act(rogue, 'claim', { refs: seenOnStage.toSorted(byHex).map(unhex) })
  const begun = community.now
  const accounts: Person[] = []
  const byDay: number[] = []
  let ringClaims = 0
  let generations = 0
  for (let day = 0; day <= days; day++) {
    community.now = begun + day * DAY
    for (let before = -1; before < accounts.length && accounts.length < enough; generations++) {
      before = accounts.length
      for (const one of [rogue, ...accounts])
        accounts.push(...(await guestsOf(community, one, enough - accounts.length)))
    }
    byDay.push(accounts.length)
    if (day % 7 === 0 && accounts.length < enough) ringClaims += await ring(community, [rogue, ...accounts])
  }
  return { mode, byDay, ringClaims, generations }
}

interface Person {
  readonly m: string
  readonly device: string
  /** The next place in the device's chain. */
  n: number
  last: string
  /** The next slot that nothing was made of. */
  slot: number
}

/** A ledger with everybody's keys at hand. */
class Community {
  readonly dice: Dice
  readonly #id: string
  #state: Membership
  now = BORN

  constructor(chance: Dice, id: string, state: Membership) {
    this.dice = chance
    this.#id = id
    this.#state = state
  }

  /** An envelope of this community and its id. */
  seal(type: string, fields: Record<string, Value>, signers: readonly string[]) {
    return sealed(this.#id, type, { ...fields, at: this.now }, signers)
  }

  /** Gives it to the log. False when it is void. */
  async log(envelope: Uint8Array): Promise<boolean> {
    const entry = encodeValue({ at: this.now, e: envelope })
    const next = await replay(verifierOf(toyScheme), this.#state, [entry])
    if (!next.ok) throw new Error(`no entry: ${next.reason}`)
    const took = next.value.voids.length === this.#state.voids.length
    // A void statement changes nothing, and a simulation has no use for it.
    if (took) this.#state = next.value
    return took
  }

  /** What a member says by their device: its id, or nothing when it is void. */
  async act(by: Person, type: string, fields: Record<string, Value>): Promise<string | undefined> {
    const place = { m: unhex(by.m), n: by.n, prev: unhex(by.last) }
    const { id, envelope } = this.seal(type, { ...place, ...fields }, [by.device])
    if (!(await this.log(envelope))) return undefined
    by.n++
    by.last = id
    return id
  }
}

function sealed(community: string, type: string, fields: Record<string, Value>, signers: readonly string[]) {
  const payload = encodeValue({ ...fields, t: type, ...(community !== NOWHERE && { c: unhex(community) }) })
  const { id, message } = covered(type, community, payload)
  const signatures = signers.toSorted(byHex).map((key) => ({ key, signature: toyScheme.sign(key, message) }))
  return { id, envelope: envelopeOf(payload, signatures) }
}

/** A founder, three honest guests and the rogue, who was seen on two stages. */
async function village(mode: Policy['mode']) {
  const chance = dice(1)
  const root = toyScheme.newKey(chance)
  const genesis = {
    name: 'Village',
    nonce: chance.bytes(32),
    founders: [unhex(root)],
    council: { k: 1, keys: [unhex(root)] },
    log: unhex(toyScheme.newKey(chance)),
    witnesses: { k: 0, keys: [] },
    policy: { ...DEFAULT_POLICY, mode },
    at: BORN,
  }
  const first = sealed(NOWHERE, 'genesis', genesis, [root])
  const begun = await beginLedger(verifierOf(toyScheme), encodeValue({ at: BORN, e: first.envelope }))
  if (!begun.ok) throw new Error(`no genesis: ${begun.reason}`)
  const community = new Community(chance, first.id, begun.value)
  const founder = await foundingMember(community, root)
  const [rogue, ...honest] = await guestsOf(community, founder, 4)
  if (!rogue) throw new Error('a founder has slots')
  const seenOnStage: string[] = []
  for (const host of honest.slice(0, DEFAULT_POLICY['claim-rooms'])) {
    const room = chance.bytes(32)
    await community.act(host, 'room-open', { room, title: chance.bytes(32) })
    community.now += DEFAULT_POLICY['claim-minutes'] * MINUTE
    for (const one of honest) {
      const seen = { for: unhex(rogue.m), room, minutes: DEFAULT_POLICY['claim-minutes'], as: 'spoke' }
      const id = await community.act(one, 'attest', seen)
      if (id !== undefined) seenOnStage.push(id)
    }
  }
  return { community, rogue, seenOnStage }
}

async function foundingMember(community: Community, root: string): Promise<Person> {
  const identity = community.seal('identity', { root: unhex(root), profile: new Uint8Array(32), n: 0 }, [
    root,
  ])
  const device = toyScheme.newKey(community.dice)
  const m = unhex(identity.id)
  const add = community.seal('device-add', { m, device: unhex(device), n: 1, prev: m }, [root, device])
  await community.log(identity.envelope)
  await community.log(add.envelope)
  return { m: identity.id, device, n: 0, last: add.id, slot: 0 }
}

/** Everybody whom somebody can bring in now, at most so many. */
async function guestsOf(community: Community, by: Person, most: number): Promise<readonly Person[]> {
  const guests: Person[] = []
  while (guests.length < most) {
    const key = toyScheme.newKey(community.dice)
    const invite = await community.act(by, 'invite', { slot: by.slot, key: unhex(key) })
    if (invite === undefined) break
    by.slot++
    guests.push(await newcomer(community, invite, key))
  }
  return guests
}

async function newcomer(community: Community, invite: string, invitationKey: string): Promise<Person> {
  const [root, device] = [toyScheme.newKey(community.dice), toyScheme.newKey(community.dice)] as const
  const identity = community.seal('identity', { root: unhex(root), profile: new Uint8Array(32), n: 0 }, [
    root,
  ])
  const m = unhex(identity.id)
  const add = community.seal('device-add', { m, device: unhex(device), n: 1, prev: m }, [root, device])
  const parts = { invite: unhex(invite), identity: identity.envelope, device: add.envelope }
  const join = community.seal('join', { ...parts, n: 0, prev: unhex(add.id) }, [device, invitationKey])
  if (!(await community.log(join.envelope)))
    throw new Error('an invitation that was just made lets somebody in')
  return { m: identity.id, device, n: 1, last: join.id, slot: 0 }
}

/** All accounts attest the two before them in two rooms, and claim with what they have. How many claims took effect. */
async function ring(community: Community, accounts: readonly Person[]): Promise<number> {
  const attests = new Map<string, string[]>()
  for (const host of accounts.slice(0, 2)) {
    const room = community.dice.bytes(32)
    await community.act(host, 'room-open', { room, title: community.dice.bytes(32) })
    community.now += 30 * MINUTE
    for (const [i, one] of accounts.entries())
      for (const other of [1, 2, 3].map((back) => accounts.at(i - back) as Person)) {
        const id = await community.act(one, 'attest', { for: unhex(other.m), room, minutes: 30, as: 'spoke' })
        if (id !== undefined) attests.set(other.m, [...(attests.get(other.m) ?? []), id])
      }
  }
  let claims = 0
  for (const one of accounts) {
    const refs = (attests.get(one.m) ?? []).toSorted(byHex).map(unhex)
    if (refs.length > 0 && (await community.act(one, 'claim', { refs })) !== undefined) claims++
  }
  return claims
}

function byHex(a: string, b: string): number {
  return a < b ? -1 : 1
}

if (import.meta.main) {
  for (const mode of ['strict', 'default', 'open'] as const) {
    const { byDay, ringClaims, generations } = await growth(mode, 28, 20_000)
    const weeks = [0, 7, 14, 21, 28].map((day) => byDay[day])
    console.log(JSON.stringify({ mode, 'day 0, 7, 14, 21, 28': weeks, ringClaims, generations }))
  }
}
