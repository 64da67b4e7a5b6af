/** Voices over a relay's media processes with the browsers' own connections: the right words, both ways, through frames that the relay cannot play. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { build, type Rolldown } from 'vite'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { FANOUT, FANOUT_PROTOCOL } from '../../protocol/wire/fanout.ts'
import { SMALL_AUDIENCE } from '../../relay/fanout/limits.ts'
import { freePort } from '../relay/fanout/free-port.ts'
import { connected, createScene, type Guest, type SceneRelay, type Seat } from '../relay/fanout/scene.ts'
import { type Browser, type BrowserKind, launch, type Page } from '../support/browsers.ts'
import { forgetTracks, remoteTracks, tracksFlowed } from '../support/browsers-tracks.ts'
import { heard, SHORTEST } from '../support/hearing.ts'
import { ALICE, BOB } from '../support/recordings/recordings.ts'
import { slowRoad } from '../support/slow-road.ts'

const KINDS = ['chromium', 'firefox'] as const satisfies readonly BrowserKind[]
const VOICES = [ALICE, BOB]

let server: Server
let url: string
const browsers = new Map<BrowserKind, Browser>()
const pages: Page[] = []

beforeAll(async () => {
  const script = await bundle()
  server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(
      isScript
        ? script
        : '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>',
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://localhost:${(server.address() as AddressInfo).port}/`
  const started = await Promise.all(KINDS.map((kind, i) => launch(kind, { voice: i === 0 ? ALICE : BOB })))
  for (const browser of started) browsers.set(browser.kind, browser)
})

afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.close()))
})

afterAll(async () => {
  await Promise.all([...browsers.values()].map((browser) => browser.close()))
  server?.close()
})

async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      target: 'es2024',
      lib: { entry: new URL('./audience-page.ts', import.meta.url).pathname, formats: ['es'] },
    },
  })
  const [{ output }] = (Array.isArray(built) ? built : [built]) as [Rolldown.RolldownOutput]
  return output[0].code
}

/** Firefox does not look for roads over the loopback. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'
}

interface Part {
  readonly speaks: boolean
  readonly scrambled: boolean
}

/** A page at a relay, as this guest. */
async function attach(
  kind: BrowserKind,
  at: Pick<SceneRelay, 'name' | 'relay'>,
  name: string,
  guest: Guest,
  part: Part,
): Promise<Page> {
  const page = await browsers.get(kind)?.open(url)
  if (page === undefined) throw new Error(`${kind} was not started`)
  pages.push(page)
  await page.waitUntil(() => window.audiencePage !== undefined, undefined)
  await page.evaluate(
    (start) => window.audiencePage.start(start.name, start.relay, start.speaks, start.scrambled),
    { name, relay: at.name, ...part },
  )
  const channel = await guest.network.openChannel(at.relay.peer, FANOUT_PROTOCOL, {
    signal: new AbortController().signal,
    maxBytes: FANOUT.maxBytes,
  })
  const isOpen = () => pages.includes(page)
  const up = async () => {
    for (;;) {
      const message = await page.evaluate(() => window.audiencePage.next())
      if (message === undefined) return channel.close()
      await channel.send(Uint8Array.from(message))
    }
  }
  const down = async () => {
    for await (const message of channel.messages)
      await page.evaluate((bytes) => window.audiencePage.take(bytes), [...message])
  }
  for (const carry of [up, down])
    carry().catch((error: unknown) => {
      if (isOpen()) throw error
    })
  // At both its ends (FANOUT-5): a road that loses packets may keep the last of the handshake from the relay for seconds.
  await page.waitUntil(() => {
    const { connected, hearing, end } = window.audiencePage.state()
    return (connected && hearing > 0) || end !== undefined
  }, undefined)
  expect(await page.evaluate(() => window.audiencePage.state().end)).toBeUndefined()
  return page
}

describe('over a relay', () => {
  test('FANOUT-3 Chromium and Firefox hear each other’s words, through frames that the relay cannot play, over roads that lose 5 of 100 packets and take 80 ms', async () => {
    const [from, to] = [ownAddress(), '127.0.0.1']
    const ports = [await freePort(), await freePort()]
    const road = await slowRoad({ from, to, ports, loss: 0.05, delay: 80 })
    onTestFinished(() => road.close())
    const scene = await createScene({ bind: to, announce: [from], ports })
    const guests = [await scene.guest('Alice'), await scene.guest('Bob')]
    for (const guest of guests) scene.stage.add(guest.person.member)
    const part = { speaks: true, scrambled: true }
    const [alice, bob] = (await Promise.all([
      attach('chromium', scene, 'Alice', guests[0] as Guest, part),
      attach('firefox', scene, 'Bob', guests[1] as Guest, part),
    ])) as [Page, Page]
    // Asked for the first time, the ears begin.
    await Promise.all([remoteTracks(alice), remoteTracks(bob)])
    for (const [page, voice] of [
      [alice, BOB],
      [bob, ALICE],
    ] as const) {
      expect(await wordsAt(page)).toEqual([voice.name])
    }
    expect(road.lost / (road.lost + road.carried)).toBeGreaterThan(0.03)
    expect([...alice.problems, ...bob.problems]).toEqual([])
    expect(scene.failures).toEqual([])
  })

  test.each(KINDS)('FANOUT-5 %s sends longer packets when an audience comes', async (kind) => {
    const scene = await createScene({ bind: ownAddress() })
    const guest = await scene.guest('Alice')
    scene.stage.add(guest.person.member)
    const ear = (await scene.guest('Bob')).sit()
    await ear.until(connected)
    await attach(kind, scene, 'Alice', guest, { speaks: true, scrambled: false })
    const spans = () =>
      ear.heard.slice(-4).map(({ timestamp }, i, all) => timestamp - (all[i - 1]?.timestamp ?? timestamp))
    await ear.until(
      () =>
        ear.heard.length > 10 &&
        spans()
          .slice(1)
          .every((span) => span === 960),
    )
    for (let i = 0; i < SMALL_AUDIENCE; i++) await (await scene.guest(`Listener ${i}`)).sit().until(connected)
    await ear.until(() =>
      spans()
        .slice(1)
        .every((span) => span === 2880),
    )
  })
})

describe('over a chain of three relays', () => {
  test('CASCADE-1 Chromium and Firefox hear each other’s words, and go on when the relay between them is killed', async () => {
    const scene = await createScene({ bind: ownAddress() })
    const [middle, spare, last] = [
      await scene.another('the middle relay'),
      await scene.another('a spare relay'),
      await scene.another('the last relay'),
    ] as const
    for (const between of [middle, spare]) {
      scene.join(scene, between)
      scene.join(between, last)
    }
    const guests = [await scene.guest('Alice'), await scene.guest('Bob', last)] as const
    for (const guest of guests) scene.stage.add(guest.person.member)
    // Somebody listens in the middle, or that would have nothing to give.
    await (await scene.guest('Carol', middle)).sit().until(connected)
    const part = { speaks: true, scrambled: true }
    const [alice, bob] = await Promise.all([
      attach('chromium', scene, 'Alice', guests[0], part),
      attach('firefox', last, 'Bob', guests[1], part),
    ])
    const ears = [
      [alice, BOB],
      [bob, ALICE],
    ] as const
    const [erin, frank] = [(await scene.guest('Erin')).sit(), (await scene.guest('Frank', last)).sit()]
    await bothFlow(erin)
    await bothFlow(frank)
    await Promise.all(ears.map(([page]) => remoteTracks(page)))
    for (const [page, voice] of ears) expect(await wordsAt(page)).toEqual([voice.name])
    await (await scene.guest('David', spare)).sit().until(connected)
    await middle.vanish()
    // From now on all comes through the other relay.
    await bothFlow(erin)
    await bothFlow(frank)
    await Promise.all(ears.map(([page]) => forgetTracks(page)))
    for (const [page, voice] of ears) expect(await wordsAt(page)).toEqual([voice.name])
    expect([...alice.problems, ...bob.problems]).toEqual([])
  })
})

/** From now on packets of two voices come, half a second of each. */
async function bothFlow({ heard: packets, until }: Seat): Promise<void> {
  const before = packets.length
  await until(() => {
    const counts = [0, 1, 2].map(
      (slot) => packets.slice(before).filter((packet) => packet.slot === slot).length,
    )
    return counts.filter((count) => count >= 25).length >= 2
  })
}

/** Whose words come in which slots, when enough of them have. */
async function wordsAt(page: Page): Promise<readonly string[]> {
  await tracksFlowed(page, 1, SHORTEST + 2)
  return (await remoteTracks(page))
    .filter(({ sound }) => sound.samples.length >= SHORTEST * sound.rate)
    .flatMap(({ sound }) => heard(sound, VOICES))
}
