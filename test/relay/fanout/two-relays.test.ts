import { expect, onTestFinished, test, vi } from 'vitest'
import { AudienceLink } from '../../../node/audience/audience-link.ts'
import { type HeadlessConnection, headlessAudience } from '../../../node/headless/audience-connections.ts'
import { keyOf } from '../../../node/network/peer-id.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import { ask } from '../../../node/requests.ts'
import { askSite } from '../../../node/site-address.ts'
import { beginLedger } from '../../../protocol/community/replay.ts'
import type { KeyText } from '../../../protocol/ids.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { toLedgerTime } from '../../../protocol/time.ts'
import { ROOMS } from '../../../protocol/wire/services.ts'
import { communityTopic } from '../../../protocol/wire/topics.ts'
import { withMember } from '../../node/mesh/scene.ts'
import { announcedRoom } from '../../support/announced-room.ts'
import { foundCommunity, invite, join } from '../../support/community.ts'
import { connectMember, type LedgerClient } from '../../support/ledger-client.ts'
import { PATIENCE } from '../../support/node-peer.ts'
import { type RelayProcess, startRelayProcess } from '../../support/relay-process.ts'

const MEDIA = ['--media-processes', '1']
const now = () => toLedgerTime(Math.floor(Date.now() / 1000))
const patience = () => AbortSignal.timeout(PATIENCE)
const verifier = createVerifier()
const logKeyOf = async ({ origin }: RelayProcess) => (await askSite(new URL(origin), patience())).logKey

async function relayOf(flags: readonly string[]): Promise<RelayProcess> {
  const relay = await startRelayProcess([...MEDIA, ...flags])
  onTestFinished(() => relay.close())
  return relay
}

async function connected(client: LedgerClient): Promise<LedgerClient> {
  onTestFinished(() => client.network.stop())
  await client.admitted()
  return client
}

/** Alice's relay is the log, Bob's serves the same community; each was told of the other. */
test('CASCADE-2 two relays find each other, and a voice goes from one to who listens at the other', async () => {
  const log = await relayOf([])
  const founded = await foundCommunity(await logKeyOf(log), now())
  const { founder, genesis, community } = founded
  const founding = {
    token: log.foundingLink?.split('/').at(-1) ?? '',
    genesis: genesis.bytes,
    identity: founder.identity.bytes,
    device: founder.deviceAdd.bytes,
    profile: founder.profile.bytes,
  }
  const first = await connectMember(log.origin, founder, founding)
  await first.admitted()
  const invitation = await invite(founder, 0, now())
  const bobs = await join(invitation, 'Bob', now())
  for (const { bytes } of [invitation.envelope, bobs.envelope]) await first.submit(bytes)
  await first.network.stop()
  const mirror = await relayOf(['--mirror', log.origin])
  await vi.waitUntil(
    async () => (await askSite(new URL(mirror.origin), patience())).community === community,
    {
      timeout: PATIENCE,
    },
  )
  await log.stop()
  await log.restart([...MEDIA, '--mirror', mirror.origin])

  const begun = await beginLedger(verifier, founded.entries[0] as Uint8Array)
  if (!begun.ok) throw new Error(begun.reason)
  const membership = withMember(begun.value, bobs.person)
  const alice = await connected(await connectMember(log.origin, founder))
  const bob = await connected(await connectMember(mirror.origin, bobs.person))
  const { room, announcement } = await announcedRoom(founded)
  for (const { network } of [alice, bob]) {
    const [at] = network.relays()
    if (at === undefined) throw new Error('no relay')
    network.subscribe(
      communityTopic(community),
      () => 'accept',
      () => {},
    )
    await vi.waitUntil(() => network.subscribers(communityTopic(community)).includes(at), {
      timeout: PATIENCE,
    })
    await network.publish(communityTopic(community), announcement)
    await vi.waitUntil(async () => {
      const rooms = await ask(network, at, ROOMS, {}, patience())
      return rooms.ok && rooms.value.rooms?.length === 1
    }, PATIENCE)
  }

  const heard: Uint8Array[] = []
  function attach({ network, person }: LedgerClient, speaks: boolean): Promise<HeadlessConnection> {
    const [relay] = network.relays()
    if (relay === undefined) throw new Error('no relay')
    return new Promise((resolve, reject) => {
      const link: AudienceLink<HeadlessConnection> = new AudienceLink({
        room,
        relay: { peer: relay, key: keyOf(relay) as KeyText },
        speaks,
        me: { member: person.member, device: person.device, peer: keyOf(network.peer) as KeyText },
        network,
        connections: headlessAudience({
          bind: '127.0.0.1',
          onPacket: ({ payload }) => heard.push(payload.slice()),
        }),
        clock: systemClock,
        verifier,
        membership: () => membership,
        onChange: () => {
          if (link.connected) resolve(link.connection)
        },
        onEnd: ({ reason }) => reject(new Error(`the link ended: ${reason}`)),
      })
      onTestFinished(() => link.close())
    })
  }
  const mouth = await attach(alice, true)
  await attach(bob, false)
  let said = 0
  const speaking = setInterval(() => {
    const frame = Buffer.alloc(40)
    frame.writeUInt32BE(said++)
    mouth.send(frame, 20, 10)
  }, 20)
  onTestFinished(() => clearInterval(speaking))
  await vi.waitUntil(() => heard.length >= 100, PATIENCE)
  const numbers = heard.map((payload) => Buffer.from(payload).readUInt32BE())
  expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] as number) + i))
})
