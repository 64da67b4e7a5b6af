import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest'
import { LEDGER } from '../../../protocol/wire/services.ts'
import { type Founded, foundCommunity, type Person, signerOf } from '../../support/community.ts'
import { PATIENCE } from '../../support/node-peer.ts'
import { enterAs, type RawClient, rawClient } from '../../support/raw-client.ts'
import { type SeededRelay, startSeededRelay, storedBy } from '../../support/seeded-relay.ts'

/** A community on a running relay that every test of a file attacks. */
export interface Town {
  readonly seeded: SeededRelay
  /** Bob, who is honest and there all the time. What Mallory, Oscar and Trudy do uses up an allowance of their own each. */
  readonly witness: RawClient
  /** A stranger, who is gone after the test. */
  connect(): Promise<RawClient>
  /** Somebody who said hello as this member. */
  member(person: Person): Promise<RawClient>
}

/**
 * Starts the town for the file that calls this, and checks after each of its tests what no attack may change: everything that is stored, what an
 * honest member is told, and that the relay serves.
 */
export function besieged(): Town {
  vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE })
  let seeded: SeededRelay
  let witness: RawClient
  let before: unknown
  const clients: RawClient[] = []

  beforeAll(async () => {
    seeded = await startSeededRelay()
    witness = await rawClient(seeded.site)
    await enterAs(witness, seeded.bob)
    before = storedBy(seeded.relay)
  })
  afterAll(async () => {
    await witness?.vanish()
    await seeded?.relay.close()
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.vanish()
    expect(storedBy(seeded.relay), 'what is stored').toEqual(before)
    expect(await witness.ask(LEDGER, { get: 0 }), 'what others are told').toMatchObject({ size: 15 })
    expect((await fetch(new URL('/readyz', seeded.relay.origin))).status).toBe(200)
  })

  async function connect(): Promise<RawClient> {
    const client = await rawClient(seeded.site)
    clients.push(client)
    return client
  }
  return {
    get seeded() {
      return seeded
    },
    get witness() {
      return witness
    },
    connect,
    async member(person) {
      const client = await connect()
      await enterAs(client, person)
      return client
    },
  }
}

/** Another community, with another log. */
export function elsewhere(at: number): Promise<Founded> {
  return foundCommunity(signerOf('another log').publicKey, at, 'Eve')
}
