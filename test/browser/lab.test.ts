/** The lab proves itself: two real browsers, one raw call, real sound; only then may it judge the app. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, launch, type Page } from '../support/browsers.ts'
import { forgetTracks, remoteTracks, tracksFlowed } from '../support/browsers-tracks.ts'
import { type Contact, watchConnections } from '../support/connections.ts'
import { heard, SHORTEST } from '../support/hearing.ts'
import { untilHeard } from '../support/hearing-ear.ts'
import { ALICE, BOB, RECORDINGS } from '../support/recordings/recordings.ts'

/** A telephone: `offer`, `answer` and `accept` carry whole descriptions, so that no candidate travels by itself. */
const TELEPHONE = `<!doctype html><meta charset="utf-8"><title>telephone</title>
<label>Name <input></label> <button aria-label="Pick up" onclick="pickUp()">☎</button> <output hidden></output>
<script>
const call = new RTCPeerConnection()
const speaker = new Audio()
call.ontrack = ({ streams }) => { speaker.srcObject = streams[0]; speaker.play() }
const gathered = () => new Promise((done) => {
  const look = () => { if (call.iceGatheringState === 'complete') done(call.localDescription.toJSON()) }
  call.onicegatheringstatechange = look
  look()
})
async function pickUp() {
  const voice = await navigator.mediaDevices.getUserMedia({ audio: true })
  call.addTrack(voice.getAudioTracks()[0], voice)
  const line = document.querySelector('output')
  line.textContent = 'Ready, ' + document.querySelector('input').value
  line.hidden = false
}
async function offer() { await call.setLocalDescription(); return gathered() }
async function answer(to) { await call.setRemoteDescription(to); await call.setLocalDescription(); return gathered() }
async function accept(it) { await call.setRemoteDescription(it) }
</script>`

declare global {
  interface Window {
    offer(): Promise<RTCSessionDescriptionInit>
    answer(to: RTCSessionDescriptionInit): Promise<RTCSessionDescriptionInit>
    accept(it: RTCSessionDescriptionInit): Promise<void>
  }
}

let server: Server
let url: string
let alice: Browser
let bob: Browser
let alicesPage: Page
let bobsPage: Page

beforeAll(async () => {
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(TELEPHONE)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://localhost:${(server.address() as AddressInfo).port}/`
  ;[alice, bob] = await Promise.all([launch('chromium', { voice: ALICE }), launch('firefox', { voice: BOB })])
  ;[alicesPage, bobsPage] = await Promise.all([alice.open(url), bob.open(url)])
})

afterAll(async () => {
  await Promise.all([alice?.close(), bob?.close()])
  server?.close()
})

describe('both browsers, through one interface', () => {
  it('fill, click and read what a person sees', async () => {
    for (const [page, name] of [
      [alicesPage, 'Alice'],
      [bobsPage, 'Bob'],
    ] as const) {
      await page.waitFor('output', { hidden: true })
      await page.fill('input', name)
      await page.click({ role: 'button', name: 'Pick up' })
      await page.waitFor({ text: `Ready, ${name}` })
      expect(await page.text('output')).toBe(`Ready, ${name}`)
      expect(page.problems).toEqual([])
      expect(page.requests).toContain(url)
    }
  })

  it('report what goes wrong in a page', async () => {
    for (const browser of [alice, bob]) {
      const page = await browser.open(url)
      await page.evaluate(() => {
        console.error('said aloud')
        setTimeout(() => {
          throw new Error('let fall')
        })
      })
      await expect
        .poll(() => page.problems.map(({ kind, text }) => `${kind}: ${text}`).join('\n'))
        .toMatch(/console: said aloud[\s\S]*page: .*let fall/)
      await page.close()
    }
  })
})

describe('a call between Chromium and Firefox', () => {
  beforeAll(async () => {
    const offer = await alicesPage.evaluate(() => window.offer())
    const answer = await bobsPage.evaluate((to) => window.answer(to), offer)
    await alicesPage.evaluate((it) => window.accept(it), answer)
    await Promise.all([tracksFlowed(alicesPage, 1, 0.5), tracksFlowed(bobsPage, 1, 0.5)])
  })

  it('brings each ear the other voice and not its own', async () => {
    await Promise.all([untilHeard(alice.card, [BOB]), untilHeard(bob.card, [ALICE])])
  })

  it('fails whoever waits to hear themselves', async () => {
    await expect(untilHeard(bob.card, [BOB])).rejects.toThrow('alice is heard but should not be')
  })

  it('brings each page one track, with the other voice', async () => {
    for (const [page, voice] of [
      [alicesPage, 'bob'],
      [bobsPage, 'alice'],
    ] as const) {
      const tracks = await remoteTracks(page)
      expect(tracks.map(({ sound }) => heard(sound, RECORDINGS))).toEqual([[voice]])
    }
  })

  it('falls silent for the other when a microphone does', async () => {
    alice.card.hush()
    // What was on its way when she fell silent has arrived after a second.
    await bob.card.hear(1)
    await forgetTracks(bobsPage)
    const [atBob] = await Promise.all([bob.card.hear(5), untilHeard(alice.card, [BOB])])
    await tracksFlowed(bobsPage, 1, SHORTEST)
    const [track] = await remoteTracks(bobsPage)
    expect(heard(atBob, RECORDINGS)).toEqual([])
    expect(track && heard(track.sound, RECORDINGS)).toEqual([])
  })
})

describe('the watch over connections', () => {
  const STRANGER = '192.0.2.1:3478'
  const SCENE = fileURLToPath(new URL('../support/connections-scene.ts', import.meta.url))
  const askStranger = `
    window.kept = new RTCPeerConnection({ iceServers: [{ urls: 'stun:${STRANGER}' }] })
    kept.createDataChannel('any')
    await kept.setLocalDescription()
    await new Promise(() => {})`
  const askNobody = `
    window.kept = new RTCPeerConnection({ iceServers: [] })
    kept.createDataChannel('any')
    const gathered = new Promise((done) => { kept.onicecandidate = (event) => event.candidate === null && done() })
    await kept.setLocalDescription()
    await gathered`

  for (const [kind, program] of [
    ['chromium', 'chromium'],
    ['firefox', 'firefox-esr'],
  ] as const) {
    it(`sees ${kind} ask a STUN server that no one should know`, async () => {
      const until = ({ remote }: Contact) => remote === STRANGER
      const { contacts } = await watchConnections([process.execPath, SCENE, kind, askStranger], { until })
      expect(contacts).toEqual([{ protocol: 'udp', remote: STRANGER, process: program }])
    })

    it(`sees nothing of ${kind} when its page keeps to itself`, async () => {
      const { contacts, status, stderr } = await watchConnections([process.execPath, SCENE, kind, askNobody])
      expect({ contacts, status, stderr }).toEqual({ contacts: [], status: 0, stderr: '' })
    })
  }
})
