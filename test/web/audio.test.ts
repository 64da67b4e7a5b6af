import { describe, expect, it } from 'vitest'
import { type MicrophoneHost, microphonesOf, openMicrophone } from '../../web/audio/microphone.ts'
import { levelOf, onMeter, SpeechGate } from '../../web/audio/speech.ts'

describe('the microphone', () => {
  const hostOf = (mediaDevices: Partial<MediaDevices>) =>
    ({ mediaDevices: { ...new EventTarget(), ...mediaDevices } }) as MicrophoneHost
  const failing = (name: string) =>
    hostOf({ getUserMedia: async () => Promise.reject(new DOMException('no', name)) })

  it.each([
    ['NotAllowedError', 'microphone-denied'],
    ['SecurityError', 'microphone-denied'],
    ['NotFoundError', 'microphone-missing'],
    ['NotReadableError', 'microphone-missing'],
  ])('that fails with %s is %s', async (name, code) => {
    await expect(openMicrophone(failing(name))).rejects.toMatchObject({ name: 'PeerError', code })
  })

  it('is out of reach on an insecure page', async () => {
    await expect(openMicrophone({})).rejects.toMatchObject({ code: 'microphone-insecure' })
  })

  it('is asked for sound and nothing else', async () => {
    const asked: (MediaStreamConstraints | undefined)[] = []
    const stream = {} as MediaStream
    const host = hostOf({
      getUserMedia: async (constraints) => {
        asked.push(constraints)
        return stream
      },
    })
    expect(await openMicrophone(host)).toBe(stream)
    expect(await openMicrophone(host, 'headset')).toBe(stream)
    expect(asked).toMatchObject([
      { video: false, audio: { echoCancellation: true } },
      { video: false, audio: { deviceId: { exact: 'headset' } } },
    ])
    expect(asked[0]?.audio).not.toHaveProperty('deviceId')
  })

  it('is chosen among the microphones alone, and among none on an insecure page', async () => {
    const device = (kind: MediaDeviceKind, deviceId: string) => ({ kind, deviceId, label: deviceId })
    const enumerateDevices = async () =>
      [
        device('audioinput', 'headset'),
        device('audiooutput', 'loudspeaker'),
        device('videoinput', 'camera'),
        device('audioinput', ''),
      ] as MediaDeviceInfo[]
    expect(await microphonesOf(hostOf({ enumerateDevices }))).toEqual([{ id: 'headset', label: 'headset' }])
    expect(await microphonesOf({})).toEqual([])
  })
})

describe('speech', () => {
  it('is measured as the root mean square', () => {
    expect(levelOf(new Float32Array(128))).toBe(0)
    expect(levelOf(new Float32Array(128).fill(-0.5))).toBeCloseTo(0.5)
    const sine = Float32Array.from({ length: 480 }, (_, at) => Math.sin((2 * Math.PI * at) / 48))
    expect(levelOf(sine)).toBeCloseTo(Math.SQRT1_2)
  })

  it('stands on a meter as the ear would say', () => {
    expect([0, 0.001, 0.01, 10 ** -0.5, 1].map(onMeter)).toEqual([0, 0, 0.4, 1, 1])
  })

  it('begins at once and ends after a pause', () => {
    const gate = new SpeechGate()
    expect(gate.look(0.005, 0)).toBe(false)
    expect(gate.look(0.1, 100)).toBe(true)
    expect(gate.look(0, 650)).toBe(true)
    expect(gate.look(0, 700)).toBe(false)
  })

  it('does not begin with what only keeps it going', () => {
    const gate = new SpeechGate()
    expect(gate.look(0.015, 0)).toBe(false)
    expect(gate.look(0.03, 100)).toBe(true)
    expect(gate.look(0.015, 650)).toBe(true)
    expect(gate.look(0, 1200)).toBe(true)
    expect(gate.look(0, 1250)).toBe(false)
  })
})
