/** Before a community is founded on a relay, and at that moment. */

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { askSite } from '../../../node/site-address.ts'
import { keyBytes } from '../../../protocol/ids.ts'
import { DAY } from '../../../protocol/limits.ts'
import { toLedgerTime } from '../../../protocol/time.ts'
import { FOUND, type FoundRequest, HELLO, LEDGER, ROOMS } from '../../../protocol/wire/services.ts'
import { type Founded, foundCommunity, personOf, presence, signerOf } from '../../support/community.ts'
import { MALFORMED } from '../../support/malformed.ts'
import { codeOf, found, newDevice, PATIENCE } from '../../support/node-peer.ts'
import { readPlainLog } from '../../support/plain-log.ts'
import { now, type RawClient, rawClient, refusalOf, refused } from '../../support/raw-client.ts'
import { type RelayProcess, startRelayProcess } from '../../support/relay-process.ts'
import { storedBy } from '../../support/seeded-relay.ts'
import { withBrokenSignature } from './forged.ts'

/** So many things a stranger has said before they are sent away, which is after ten seconds, on any machine. */
const FEW = 10

const clients: RawClient[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) await client.vanish()
})

describe('a relay on which nothing is founded', () => {
  let relay: RelayProcess
  let founded: Founded
  let token: string

  const connect = async () => {
    const client = await rawClient(await askSite(new URL(relay.origin), AbortSignal.timeout(PATIENCE)))
    clients.push(client)
    return client
  }
  const founding = ({ genesis, founder }: Founded, change: Partial<FoundRequest> = {}): FoundRequest => ({
    token,
    genesis: genesis.bytes,
    identity: founder.identity.bytes,
    device: founder.deviceAdd.bytes,
    profile: founder.profile.bytes,
    ...change,
  })

  beforeAll(async () => {
    relay = await startRelayProcess()
    token = codeOf(relay.foundingLink as string)
    const { logKey } = await askSite(new URL(relay.origin), AbortSignal.timeout(PATIENCE))
    founded = await foundCommunity(logKey, toLedgerTime(now()))
  })
  afterAll(() => relay?.close())

  test('is founded by nobody who does not hold its token, or whose statements do not hold', async () => {
    const before = storedBy(relay)
    const { community, founder } = founded
    const elsewhere = await foundCommunity(signerOf('another log').publicKey, toLedgerTime(now()), 'Eve')
    const ahead = await foundCommunity(
      (await askSite(new URL(relay.origin), AbortSignal.timeout(PATIENCE))).logKey,
      toLedgerTime(now()) + DAY,
      'Ahead',
    )
    const stranger = await personOf(community, 'Mallory', toLedgerTime(now()))
    const cases: [FoundRequest, string][] = [
      [founding(founded, { token: 'x'.repeat(32) }), 'founding-token'],
      [founding(founded, { token: `${token}x` }), 'founding-token'],
      [founding(elsewhere), 'field-invalid'],
      [founding(ahead), 'time-ahead'],
      [founding(founded, { identity: stranger.identity.bytes }), 'not-founder'],
      [founding(founded, { device: stranger.deviceAdd.bytes }), 'member-unknown'],
      [founding(founded, { profile: stranger.profile.bytes }), 'not-member'],
      [founding(founded, { genesis: founder.identity.bytes }), 'genesis-missing'],
      [founding(founded, { genesis: withBrokenSignature(founded.genesis.bytes) }), 'signature-wrong'],
      [founding(founded, { identity: elsewhere.founder.identity.bytes }), 'foreign-community'],
    ]
    for (const [request, reason] of cases) {
      const client = await connect()
      expect(refused(await client.ask(FOUND, request)), reason).toBe(reason)
    }
    expect(storedBy(relay)).toEqual(before)
    expect((await fetch(new URL('/readyz', relay.origin))).status).toBe(200)
  })

  test('has no members, no ledger and no rooms for anybody', async () => {
    const client = await connect()
    const hello = await presence(founded.founder, client.session, now())
    expect(refused(await client.ask(HELLO, { p: hello.bytes }))).toBe('not-founded')
    expect(await client.ask(LEDGER, { get: 0 })).toBe('reset')
    expect(await client.ask(ROOMS, {})).toBe('reset')
  })

  test('refuses every spelling that is not canonical, before and after', async () => {
    const before = storedBy(relay)
    for (let from = 0; from < MALFORMED.length; from += FEW) {
      const client = await connect()
      for (const one of MALFORMED.slice(from, from + FEW))
        expect(await refusalOf(client, FOUND, one.bytes), one.name).toBe(one.reason)
    }
    expect(storedBy(relay)).toEqual(before)
  })

  test('is founded once, with the token, and not a second time', async () => {
    const client = await connect()
    const answer = await client.ask(FOUND, founding(founded))
    expect(answer).not.toBe('reset')
    expect(answer).toHaveProperty('promise')
    const { logKey } = await askSite(new URL(relay.origin), AbortSignal.timeout(PATIENCE))
    // What it took is signed, and its tree stored, a second later.
    await vi.waitFor(async () => {
      const { size } = await readPlainLog(new URL('/log/', relay.origin), keyBytes(logKey))
      expect(size).toBe(3)
    }, PATIENCE)
    const before = storedBy(relay)
    const other = await foundCommunity(logKey, toLedgerTime(now()), 'Eve')
    expect(refused(await client.ask(FOUND, founding(other)))).toBe('already-founded')
    // Who lost the answer gets it again.
    expect(await client.ask(FOUND, founding(founded))).toEqual(answer)
    expect(storedBy(relay)).toEqual(before)
    await expect(found((await newDevice()).open(relay.origin), `/${token}`, 'Eve')).rejects.toMatchObject({
      code: 'already-founded',
    })
  })
})
