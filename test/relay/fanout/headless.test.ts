import { describe, expect, it } from 'vitest'
import { type HeardVoice, packetStreamOf } from '../../../node/headless/packet-stream.ts'
import { PacketTrack } from '../../../node/headless/packet-track.ts'
import { play } from '../../../node/headless/player.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import { signerOf } from '../../support/community.ts'
import { opusPackets } from '../../support/ogg-opus.ts'
import { ALICE } from '../../support/recordings/recordings.ts'
import { attach } from './attached.ts'
import { createScene } from './scene.ts'

const PATIENCE = 60_000

/** Milliseconds. */
function durationOf(heard: readonly HeardVoice[]): number {
  return heard.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
}

describe('a voice from a file, over a relay, to who has no devices', { timeout: PATIENCE }, () => {
  it.each([20, 60])('VOICE-1 comes whole and verified in packets of %i ms', async (length) => {
    const scene = await createScene()
    const [awa, bo] = [await scene.guest('Awa'), await scene.guest('Bo')]
    scene.stage.add(awa.person.member)
    const [speaker, listener] = [attach(scene, awa, 'Awa', true), attach(scene, bo, 'Bo', false)]
    const { publicKey } = signerOf('Awa session')
    listener.sound.allow([publicKey])
    await Promise.all([speaker.stands, listener.stands])
    await speaker.link.connection.setPacketTime(length)
    const heard: HeardVoice[] = []
    const packets = opusPackets(ALICE).slice(0, 100)
    const all = Promise.withResolvers<void>()
    for (const { stream } of listener.link.connection.slots) {
      packetStreamOf(stream).subscribe((each) => {
        heard.push(each)
        if (durationOf(heard) >= 2_000) all.resolve()
      })
    }
    const track = new PacketTrack()
    await speaker.link.connection.send(track.asMicrophone().getAudioTracks()[0])
    await play(packets, track, systemClock, new AbortController().signal)
    // What was gathered and not long enough goes out with the end.
    await speaker.link.connection.send(undefined)
    await all.promise
    expect(durationOf(heard)).toBe(2_000)
    expect(heard).toHaveLength(speaker.sound.counts.sent)
    expect(Math.max(...heard.map(({ milliseconds }) => milliseconds))).toBe(length)
    expect(listener.sound.checks.value).toEqual(new Map([[publicKey, 'verified']]))
    expect(listener.link.connection.slots.map(({ speaker: whose }) => whose)).toContain(publicKey)
    expect(await listener.link.connection.traffic()).toMatchObject({ received: heard.length, lost: 0 })
    expect(listener.sound.counts.refused).toEqual(new Map())
    expect(scene.failures).toEqual([])
  })
})
