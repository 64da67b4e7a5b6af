import { describe, expect, it } from 'vitest'
import type { Value } from '../../protocol/codec.ts'
import { disagreement, shrink } from '../independent/both.ts'
import { unhex } from '../independent/bytes.ts'
import { cover, missing, noCoverage } from '../independent/coverage.ts'
import { type Dice, dice } from '../independent/dice.ts'
import { DAY, members } from '../independent/history.ts'
import { hostileLedger } from '../independent/hostile.ts'
import { read } from '../independent/reader.ts'
import { ed25519Scheme, toyScheme } from '../independent/scheme.ts'
import { NOWHERE, POLICY_NUMBERS } from '../independent/statement.ts'
import { story } from '../independent/story.ts'
import {
  byCouncil,
  byDevice,
  byRoot,
  type Draft,
  entryOf,
  found,
  idOf,
  log,
  payloadOf,
  seal,
  sealed,
  type World,
} from '../independent/world.ts'

/** On a busy machine; alone it is a few seconds. */
const PATIENCE = 120_000

/**
 * Seeds with whose ledgers everything happens that the enemy can do. After a change of the generator,
 * `node test/independent/main.ts --choose --ledgers 10000` finds others.
 */
const TELLING = [
  1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 13, 14, 15, 16, 18, 19, 20, 22, 23, 25, 26, 29, 32, 34, 35, 37, 41, 42, 43,
  48, 51, 58, 59, 65, 72, 73, 83, 84, 86, 91, 97, 102, 111, 113, 118, 142, 179, 184, 239, 258, 306, 378, 443,
  466, 481, 701, 6232, 8348,
]

describe('two replays of one ledger', () => {
  it('LEDGER-3 agree on every void, every reason and the state hash', { timeout: PATIENCE }, async () => {
    const coverage = noCoverage()
    for (const seed of TELLING) {
      const ledger = hostileLedger(toyScheme, seed)
      cover(coverage, ledger)
      expect(
        await disagreement(toyScheme, ledger.entries, ledger.told, dice(seed)),
        `seed ${seed}`,
      ).toBeUndefined()
    }
    expect(missing(coverage)).toEqual([])
  })

  it('LEDGER-8 agree when the ledger comes entry by entry, or in any parts', {
    timeout: PATIENCE,
  }, async () => {
    for (let seed = 10_000; seed < 10_060; seed++) {
      const { entries, told } = hostileLedger(toyScheme, seed)
      expect(await disagreement(toyScheme, entries, told), `seed ${seed}, entry by entry`).toBeUndefined()
      for (const cut of [seed, -seed])
        expect(
          await disagreement(toyScheme, entries, told, dice(cut)),
          `seed ${seed}, ${cut}`,
        ).toBeUndefined()
    }
  })

  it('SIG-4 agree under real signatures', { timeout: PATIENCE }, async () => {
    for (let seed = 20_000; seed < 20_004; seed++) {
      const scheme = ed25519Scheme()
      const { entries, told } = hostileLedger(scheme, seed)
      expect(await disagreement(scheme, entries, told, dice(seed)), `seed ${seed}`).toBeUndefined()
    }
  })

  it('would not agree on two ledgers, and shrinks what they quarrel about to a story', async () => {
    const { entries, told } = hostileLedger(toyScheme, 5)
    const shorter = read(toyScheme.check, entries.slice(0, -1))
    expect(await disagreement(toyScheme, entries, shorter)).toMatch(/the end: stopped by nothing/)
    if (!told.ok) throw new Error(told.reason)
    const { reading } = told.value
    const pardoned = { ...told.value, reading: { ...reading, voids: reading.voids.slice(1) } }
    expect(await disagreement(toyScheme, entries, { ok: true, value: pardoned })).toMatch(
      /in effect in the second/,
    )

    // Where signatures mean something else to one of the two, they quarrel over the first that is wrong.
    const gullible = { ...toyScheme, name: 'ed25519' as const }
    const least = await shrink(gullible, entries)
    expect(least).toHaveLength(1)
    expect(story(toyScheme, least)).toMatch(/^0 \+0\.000d begins: "genesis"/)
  })
})

/** What they once did not agree on, or SPEC.md did not say. */
describe('two replays that once disagreed', () => {
  const told = async (world: World): Promise<readonly (string | undefined)[]> => {
    expect(await disagreement(toyScheme, world.entries)).toBeUndefined()
    const { voids, entries } = world.reading
    const reasons = new Map(voids.map(({ index, reason }) => [index, reason]))
    return Array.from({ length: entries - 1 }, (_, i) => reasons.get(i + 1))
  }

  it('LEDGER-1 ask when a genesis was made before who signed it', async () => {
    const { draft, at } = constitution(dice(1))
    const ahead = { ...draft, fields: { ...draft.fields, at: at + 360 }, signers: ['77'.repeat(32)] }
    const first = entryOf(at, sealed(toyScheme, ahead, NOWHERE, payloadOf(ahead, undefined)))
    expect(read(toyScheme.check, [first])).toEqual({ ok: false, reason: 'time-ahead' })
    expect(await disagreement(toyScheme, [first])).toBeUndefined()
  })

  it('STATE-1 name each key of the log once, where it last came into force', async () => {
    const world = village()
    const first = world.reading.history.genesis.log
    for (const key of [toyScheme.newKey(world.dice), first])
      log(world, seal(world, byCouncil(world, 'log-rotate', { log: unhex(key) })))
    expect((await told(world)).slice(-2)).toEqual([undefined, undefined])
  })

  it('ROOT-3 ask who a member is before whom they name as guardian', async () => {
    const world = village()
    const stranger = unhex('5a'.repeat(32))
    const fields = { m: stranger, k: 1, of: [stranger], n: 1, prev: stranger, at: world.now }
    log(world, seal(world, { type: 'guardians', fields, signers: [founderOf(world)] }))
    const own = members(world.reading.history)[0]?.id as string
    log(world, seal(world, byRoot(world, 'guardians', own, { k: 1, of: [unhex(own)] })))
    expect((await told(world)).slice(-2)).toEqual(['member-unknown', 'self-target'])
  })

  it('EQUIV-1 take no statement for evidence that would not open in the ledger (seed 3003205)', async () => {
    const world = village()
    const own = members(world.reading.history)[0]?.id as string
    const proof = (k: number): Draft => {
      const one = byRoot(world, 'guardians', own, { k, of: [unhex('5a'.repeat(32))] })
      const later = { ...one, fields: { ...one.fields, at: world.now + 60 } }
      const [a, b] = [one, later].sort((x, y) => (idOf(world, x) < idOf(world, y) ? -1 : 1)) as [Draft, Draft]
      return council(world, 'equivocation', { a: seal(world, a), b: seal(world, b), at: world.now })
    }
    log(world, seal(world, proof(2)))
    log(world, seal(world, proof(1)))
    expect((await told(world)).slice(-2)).toEqual(['evidence-wrong', undefined])
  })

  it('INV-4 take no invitation that expires in the minute of its entry', async () => {
    const world = village()
    const own = members(world.reading.history)[0]?.id as string
    for (const exp of [world.now, world.now + 60]) {
      const key = unhex(toyScheme.newKey(world.dice))
      log(world, seal(world, byDevice(world, 'invite', own, { slot: 0, key, exp }) as Draft))
    }
    expect((await told(world)).slice(-2)).toEqual(['invitation-expired', undefined])
  })

  it('SCHEMA-1 look for optional fields after those that must be there', async () => {
    const world = village()
    const { at: _at, ...rotate } = byCouncil(world, 'log-rotate', { log: unhex('00'.repeat(32)) }).fields
    log(world, seal(world, council(world, 'log-rotate', { ...rotate, witnesses: 7 })))
    log(world, seal(world, council(world, 'ban', { v: 0, m: unhex('00'.repeat(32)), why: 'spam', note: 7 })))
    expect((await told(world)).slice(-2)).toEqual(['field-missing', 'field-missing'])
  })

  it('SCHEMA-5 look at what both kinds of invite-void have, then for parts of both', async () => {
    const world = village()
    const invite = new Uint8Array(32)
    const { now: at } = world
    const cases: readonly (readonly [Record<string, Value>, string])[] = [
      [{ n: 0, v: 0, at, invite: new Uint8Array(31) }, 'field-invalid'],
      [{ n: 0, v: 0, at, invite }, 'field-unknown'],
      [{ at, invite: new Uint8Array(31) }, 'field-invalid'],
      [{ at, invite }, 'field-missing'],
      [{ m: invite, n: 6, prev: invite, at: 1 }, 'field-missing'],
      [{ m: invite, prev: invite, invite, at: 1 }, 'field-invalid'],
      [{ m: 1, n: 2, prev: invite, invite }, 'field-missing'],
      [{ m: 1, n: 2, prev: invite, invite, at }, 'field-invalid'],
    ]
    for (const [fields] of cases) log(world, seal(world, council(world, 'invite-void', fields)))
    expect((await told(world)).slice(-cases.length)).toEqual(cases.map(([, reason]) => reason))
  })
})

/** Of a founder who is the council too. */
function constitution(chance: Dice): { readonly draft: Draft; readonly at: number } {
  const root = toyScheme.newKey(chance)
  const at = 1_750_000_020
  const fields = {
    name: 'Village',
    nonce: chance.bytes(32),
    founders: [unhex(root)],
    council: { k: 1, keys: [unhex(root)] },
    log: unhex(toyScheme.newKey(chance)),
    witnesses: { k: 0, keys: [] },
    policy: { mode: 'default', ...Object.fromEntries(POLICY_NUMBERS.map((name) => [name, 1])) },
    at,
  }
  return { draft: { type: 'genesis', fields, signers: [root] }, at }
}

/** A community of a founder with a device, a day after. */
function village(): World {
  const chance = dice(1)
  const { draft, at } = constitution(chance)
  const world = found(chance, toyScheme, draft, at)
  const [root = ''] = draft.signers
  const identity = { root: unhex(root), profile: chance.bytes(32), n: 0, at }
  log(world, seal(world, { type: 'identity', fields: identity, signers: [root] }))
  const m = members(world.reading.history)[0]?.id as string
  const device = toyScheme.newKey(chance)
  log(world, seal(world, byRoot(world, 'device-add', m, { device: unhex(device) }, [device])))
  world.now += DAY
  return world
}

function founderOf(world: World): string {
  return world.reading.history.genesis.founders[0] as string
}

/** Signed by the council, whatever it says. */
function council(world: World, type: string, fields: Record<string, Value>): Draft {
  return { type, fields, signers: [founderOf(world)] }
}
