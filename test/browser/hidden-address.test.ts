/** Alice hides the address of her device. Two in a small room hear each other over the relay, and Bob's browser never learns where hers is. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Page } from '../support/browsers.ts'
import { PATIENCE } from '../support/browsers-page.ts'
import { type Person, person } from '../support/person.ts'
import { ALICE, BOB } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { inOneStory } from '../support/story.ts'

const ROOM = 'Under the tree'

let relay: RelayProcess
let alice: Person
let bob: Person

declare global {
  interface Window {
    __roads: RTCPeerConnection[]
    /** Every candidate that the page was told of, in a description or by itself. */
    __told: string[]
  }
}

/** Keeps every connection that the page makes, and every candidate that it is told of. */
const KEEP_ROADS = `{
  window.__roads = []
  window.__told = []
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) {
      super(...options)
      window.__roads.push(this)
    }
    setRemoteDescription(description) {
      window.__told.push(...(description?.sdp?.match(/candidate:.*/g) ?? []))
      return super.setRemoteDescription(description)
    }
    addIceCandidate(candidate) {
      if (candidate?.candidate) window.__told.push(candidate.candidate)
      return super.addIceCandidate(candidate)
    }
  }
}`

inOneStory()

beforeAll(async () => {
  ;[relay, alice, bob] = await Promise.all([
    // Firefox does not look for roads over the loopback.
    startRelayProcess(['--host', '0.0.0.0']),
    person(ALICE, 'chromium', KEEP_ROADS),
    person(BOB, 'firefox', KEEP_ROADS),
  ])
  await alice.found(relay.foundingLink ?? '', 'Le Baobab')
  await bob.join(await alice.invite())
})

afterAll(async () => {
  await Promise.all([alice?.close(), bob?.close()])
  await relay?.close()
})

/** The ports that a page's own roads lead to: of all its connections, also those that are over. */
async function ownPorts(page: Page): Promise<readonly number[]> {
  return page.evaluate(async () => {
    const ports: number[] = []
    for (const road of window.__roads) {
      for (const entry of (await road.getStats()).values())
        if (entry.type === 'local-candidate' && entry.port) ports.push(entry.port)
      for (const [, port] of (road.localDescription?.sdp ?? '').matchAll(
        /candidate:\S+ \d+ \S+ \d+ \S+ (\d+)/g,
      ))
        ports.push(Number(port))
    }
    return ports
  })
}

/** The ports that a page knows to lead to others: what it was told, and what its connections found. */
async function knownPorts(page: Page): Promise<readonly number[]> {
  return page.evaluate(async () => {
    const ports = window.__told.map((line) => Number(/candidate:\S+ \d+ \S+ \d+ \S+ (\d+)/.exec(line)?.[1]))
    for (const road of window.__roads)
      for (const entry of (await road.getStats()).values())
        if (entry.type === 'remote-candidate' && entry.port) ports.push(entry.port)
    return ports
  })
}

/** Waits until a page's open connections are for these, and no others: one that was given up is closed a moment after the next is there. */
async function hasRoads(page: Page, ...wanted: readonly ('data' | 'voices')[]): Promise<void> {
  const roads = () =>
    page.evaluate(() =>
      window.__roads
        .filter(({ connectionState }) => connectionState !== 'closed')
        .map(({ sctp }) => (sctp === null ? 'voices' : 'data'))
        .sort(),
    )
  await expect.poll(roads, { timeout: PATIENCE }).toEqual(wanted)
}

async function eachHearsTheOther(): Promise<void> {
  await Promise.all([alice.tells(bob), bob.tells(alice)])
}

it('Alice hides her address, and two in a room are carried by the relay at once', async () => {
  await alice.hidesAddress(true)
  await alice.openRoom(ROOM)
  await bob.enterRoom(ROOM)
  for (const each of [alice, bob]) {
    await each.isApart('carried')
    await each.isCarriedBy(relay, 2)
  }
})

it('CARRY-8 a listener, and then two on the stage, hear each other over the relay', async () => {
  await alice.openMicrophone()
  await bob.sees(alice, { link: 'connected', muted: false })
  await bob.tells(alice)
  await bob.takeStage(alice)
  await alice.sees(bob, { link: 'connected', muted: false })
  await Promise.all([alice.hears(bob), bob.hears(alice), eachHearsTheOther()])
})

it('Bob’s browser has one connection, with the relay, and was told of no road to Alice; WIRE-4 nor do the two exchange data directly', async () => {
  for (const { page } of [alice, bob]) await hasRoads(page, 'voices')
  const [own, known] = await Promise.all([ownPorts(alice.page), knownPorts(bob.page)])
  expect(own.length).toBeGreaterThan(0)
  expect(known.length).toBeGreaterThan(0)
  expect(known.filter((port) => own.includes(port))).toEqual([])
  expect([alice, bob].flatMap(({ page }) => page.problems)).toEqual([])
})

it('without a relay the two hear nothing, and are told so, and no other road is taken', async () => {
  await relay.kill()
  for (const each of [alice, bob]) await each.isCarriedByNobody()
  await alice.isApart('unheard')
  await Promise.all([alice.hearsNobody(), bob.hearsNobody()])
  await hasRoads(alice.page)
  await relay.restart()
  for (const each of [alice, bob]) await each.isApart('carried')
  await eachHearsTheOther()
  for (const { page } of [alice, bob]) await hasRoads(page, 'voices')
})

it('Alice shows her address again, and the two are linked directly', async () => {
  await alice.hidesAddress(false)
  await alice.enterRoom(ROOM)
  await alice.openMicrophone()
  await bob.sees(alice, { link: 'connected', muted: false })
  for (const each of [alice, bob]) {
    await each.isApartFromNobody()
    await each.isCarriedByNobody()
  }
  await eachHearsTheOther()
  for (const { page } of [alice, bob]) await hasRoads(page, 'data', 'voices')
  const [own, known] = await Promise.all([ownPorts(alice.page), knownPorts(bob.page)])
  expect(known.some((port) => own.includes(port))).toBe(true)
})
