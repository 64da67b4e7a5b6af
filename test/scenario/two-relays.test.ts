/** A large room of one community whose voices go over two relays, both real processes. */

import { expect, onTestFinished, test, vi } from 'vitest'
import { askSite } from '../../node/site-address.ts'
import type { Peer, RoomSession } from '../../node/view.ts'
import { freePort } from '../relay/fanout/free-port.ts'
import { found, join, joinListed, newDevice, PATIENCE, until } from '../support/node-peer.ts'
import { PACKET_MS, type PlainConnection, plainEars } from '../support/plain-ears.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

vi.setConfig({ testTimeout: 3 * PATIENCE })

const ROOM = 'The whole village'
/** With the host one more than are linked from each to each. */
const GUESTS = 8
/** That come in a second of speech. */
const SECOND = 1000 / PACKET_MS

async function relayOf(flags: readonly string[]): Promise<RelayProcess> {
  const relay = await startRelayProcess(flags)
  onTestFinished(() => relay.close())
  return relay
}

/** A community's log and a mirror of it, which know each other. */
async function twoRelays() {
  const [homePort, awayPort] = [await freePort(), await freePort()]
  const media = (port: number) => ['--media-processes', '1', '--media-ports', `${port}-${port}`]
  const home = await relayOf(media(homePort))
  const device = await newDevice({ ears: plainEars('127.0.0.1') })
  const founder = await found(device.open(home.origin), home.foundingLink ?? '', 'Host')
  const links: string[] = []
  for (let i = 0; i < GUESTS; i++) links.push((await founder.invite()).link)
  await founder.stop()
  const away = await relayOf([...media(awayPort), '--mirror', home.origin])
  const site = (relay: RelayProcess) => askSite(new URL(relay.origin), AbortSignal.timeout(PATIENCE))
  await vi.waitUntil(async () => (await site(away)).community !== undefined, PATIENCE)
  await home.stop()
  await home.restart([...media(homePort), '--mirror', away.origin])
  await vi.waitUntil(async () => (await site(home)).others.length > 0, PATIENCE)
  return { home, homePort, away, awayPort, storage: device.storage, links }
}

test('CARRY-7 those at one relay hear who speaks at the other, and when theirs dies they hear on over that', async () => {
  const { home, homePort, away, awayPort, storage, links } = await twoRelays()
  const peers: Peer[] = []
  onTestFinished(async () => {
    await Promise.all(peers.map((peer) => peer.stop()))
  })
  // Whoever comes by one site cannot reach the other one's media: else it is chance who is the nearer.
  let isApart = true
  const reaches = (port: number) => (answer: string) => !isApart || answer.includes(` ${port} typ host`)
  // Nothing of this is sealed: a relay does not look into it.
  const word = Buffer.from('a word of the host')
  let voice: PlainConnection | undefined
  const ears = plainEars('127.0.0.1', () => {}, reaches(homePort))
  const mouth: typeof ears = {
    open(speaks, listener) {
      voice = ears.open(speaks, listener)
      return voice
    },
  }
  const host = await (await newDevice({ storage, ears: mouth })).open(home.origin).resume()
  if (host === undefined) throw new Error('the host is not known any more')
  peers.push(host)
  const counts = links.map(() => ({ heard: 0 }))
  for (const [i, link] of links.entries()) {
    const [site, port] = i % 2 === 0 ? [home, homePort] : [away, awayPort]
    const hear = (payload: Uint8Array) => {
      if (word.equals(payload)) (counts[i] as { heard: number }).heard += 1
    }
    const device = await newDevice({ ears: plainEars('127.0.0.1', hear, reaches(port)) })
    peers.push(await join(device.open(site.origin), link, `Guest ${i}`))
  }
  const own = await host.openRoom({ title: ROOM, topics: [], language: 'en', counts: false })
  const guests: { session: RoomSession; site: RelayProcess; count: { heard: number } }[] = []
  for (const [i, count] of counts.entries()) {
    const session = await joinListed(peers[i + 1] as Peer, ROOM)
    guests.push({ session, site: i % 2 === 0 ? home : away, count })
  }
  const carriedBy = ({ view }: RoomSession, relay: RelayProcess) =>
    until(view, ({ carrier }) => carrier?.relay.endsWith(`:${new URL(relay.origin).port}`) === true)
  const hearOn = async () => {
    const before = counts.map(({ heard }) => heard)
    await vi.waitUntil(() => counts.every(({ heard }, i) => heard >= (before[i] as number) + SECOND), {
      timeout: PATIENCE,
    })
  }

  await carriedBy(own, home)
  for (const { session, site } of guests) await carriedBy(session, site)
  const speaking = setInterval(() => voice?.say(word), PACKET_MS)
  onTestFinished(() => clearInterval(speaking))
  await hearOn()
  for (const { view } of [own, ...guests.map(({ session }) => session)])
    await until(view, ({ carrier }) => carrier?.listeners === GUESTS + 1)

  isApart = false
  await away.kill()
  for (const { session } of guests) await carriedBy(session, home)
  await hearOn()
  expect([own, ...guests.map(({ session }) => session)].map(({ view }) => view.value.status)).toEqual(
    Array.from({ length: GUESTS + 1 }, () => 'open'),
  )
})
