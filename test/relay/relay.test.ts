import { get } from 'node:https'
import pino from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../node/ports/clock.ts'
import { systemRandom } from '../../node/ports/random.ts'
import { ask } from '../../node/requests.ts'
import { askSite } from '../../node/site-address.ts'
import { PROMISE } from '../../protocol/community/entry.ts'
import { open } from '../../protocol/envelope.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import { FOUND, HELLO, LEDGER, PROFILES, ROOMS } from '../../protocol/wire/services.ts'
import { communityTopic } from '../../protocol/wire/topics.ts'
import type { Config } from '../../relay/config/config.ts'
import { type Relay, startRelay } from '../../relay/relay.ts'
import { announcedRoom } from '../support/announced-room.ts'
import { LOCALHOST } from '../support/certificate.ts'
import { type Founded, foundCommunity, invite, join, presence } from '../support/community.ts'
import { temporaryFolder } from '../support/folder.ts'
import { connectMember, type LedgerClient } from '../support/ledger-client.ts'
import { rawClient, refused } from '../support/raw-client.ts'

const PATIENCE = 60_000
const patience = () => AbortSignal.timeout(PATIENCE)
const now = () => toLedgerTime(Math.floor(Date.now() / 1000))

async function relayOf(config: Partial<Config> = {}): Promise<Relay & { readonly log: () => string }> {
  let lines = ''
  const log = pino({ level: 'info' }, { write: (line) => (lines += line) })
  const relay = await startRelay(
    {
      port: 0,
      host: 'localhost',
      data: temporaryFolder(),
      url: undefined,
      announce: [],
      tls: undefined,
      ice: [],
      witnesses: [],
      witnessOf: [],
      mirrors: [],
      maxPeers: 100,
      mediaProcesses: 1,
      mediaPorts: [],
      mediaAddresses: [],
      logLevel: 'info',
      ...config,
    },
    { clock: systemClock, random: systemRandom, log },
  )
  onTestFinished(() => relay.stop())
  return { ...relay, log: () => lines }
}

const logKeyOf = async ({ origin }: Relay) =>
  (await (await fetch(`${origin}/.well-known/palabre/relay.json`)).json()).logKey

function founding({ genesis, founder }: Founded, token: string) {
  return {
    token,
    genesis: genesis.bytes,
    identity: founder.identity.bytes,
    device: founder.deviceAdd.bytes,
    profile: founder.profile.bytes,
  }
}

async function connected(client: LedgerClient): Promise<LedgerClient> {
  onTestFinished(() => client.network.stop())
  await client.admitted()
  return client
}

describe('a relay', { timeout: PATIENCE }, () => {
  test('is founded over the network with its link, carries word of every entry, and lists rooms', async () => {
    const relay = await relayOf()
    const founded = await foundCommunity(await logKeyOf(relay), now())
    const token = relay.foundingLink?.split('/').at(-1) ?? ''
    const alice = await connected(
      await connectMember(relay.origin, founded.founder, founding(founded, token)),
    )
    const [at] = alice.network.relays()
    if (at === undefined) throw new Error('no relay')
    const { community } = founded
    expect((await (await fetch(`${relay.origin}/.well-known/palabre/relay.json`)).json()).community).toBe(
      community,
    )
    expect(await ask(alice.network, at, FOUND, founding(founded, token), patience())).toMatchObject({
      ok: true,
    })
    const other = await foundCommunity(await logKeyOf(relay), now(), 'Eve')
    expect(await ask(alice.network, at, FOUND, founding(other, token), patience())).toMatchObject({
      reason: 'already-founded',
    })

    const invitation = await invite(founded.founder, 0, now())
    const bobs = await join(invitation, 'Bob', now())
    for (const { bytes } of [invitation.envelope, bobs.envelope]) await alice.submit(bytes)
    const bob = await connected(await connectMember(relay.origin, bobs.person))
    const heard: unknown[] = []
    bob.network.subscribe(
      communityTopic(community),
      () => 'accept',
      (data) => {
        const promise = open(PROMISE, community, data)
        if (promise.ok) heard.push(promise.value.payload.index)
      },
    )
    await vi.waitFor(() => expect(bob.network.subscribers(communityTopic(community))).toContain(at), PATIENCE)
    await alice.submit((await invite(founded.founder, 1, now())).envelope.bytes)
    await vi.waitFor(() => expect(heard).toEqual([5]), PATIENCE)

    const names = await ask(bob.network, at, PROFILES, { get: [founded.founder.member] }, patience())
    expect(names.ok && names.value.profiles?.map((one) => Buffer.from(one))).toEqual([
      Buffer.from(founded.founder.profile.bytes),
    ])
    const { announcement } = await announcedRoom(founded)
    await bob.network.publish(communityTopic(community), announcement)
    await vi.waitFor(async () => {
      const rooms = await ask(alice.network, at, ROOMS, {}, patience())
      expect(rooms.ok && rooms.value.rooms?.map((one) => Buffer.from(one))).toEqual([
        Buffer.from(announcement),
      ])
    }, PATIENCE)

    // What is logged may be shown to somebody: no name, no address, no whole id, no token.
    const log = relay.log()
    expect(log).toContain('took an entry')
    for (const secret of [
      'Alice',
      'Bob',
      token,
      community,
      founded.founder.member,
      bob.network.peer,
      '127.0.0.1',
    ])
      expect(log).not.toContain(secret)
  })

  test('answers a stranger nothing but that they are one', async () => {
    const relay = await relayOf()
    const founded = await foundCommunity(await logKeyOf(relay), now())
    const token = relay.foundingLink?.split('/').at(-1) ?? ''
    await connected(await connectMember(relay.origin, founded.founder, founding(founded, token)))
    const eve = (await foundCommunity(await logKeyOf(relay), now(), 'Eve')).founder
    const stranger = await rawClient(await askSite(new URL(relay.origin), patience()))
    onTestFinished(() => stranger.vanish())
    const { bytes } = await presence({ ...eve, community: founded.community }, stranger.session, now())
    expect(refused(await stranger.ask(HELLO, { p: bytes }))).toBe('not-member')
    expect(await stranger.ask(LEDGER, { get: 0 })).toBe('reset')
  })

  test('speaks TLS with the certificate that it was given', async () => {
    const relay = await relayOf({ tls: LOCALHOST })
    expect(relay.origin).toMatch(/^https:\/\/localhost:/)
    const status = await new Promise((resolve, reject) => {
      get(`${relay.origin}/healthz`, { ca: LOCALHOST.cert }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject)
    })
    expect(status).toBe(200)
  })

  test('stops twice, and is not ready afterwards to anybody', async () => {
    const relay = await relayOf()
    await Promise.all([relay.stop(), relay.stop()])
    await expect(fetch(`${relay.origin}/healthz`)).rejects.toThrow()
  })
})
