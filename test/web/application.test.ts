import { describe, expect, it, vi } from 'vitest'
import { roomAudio } from '../../web/audio/room-audio.ts'
import { Application } from '../../web/state/application.svelte.ts'
import { Language } from '../../web/state/language.svelte.ts'
import { hashOf } from '../../web/state/route.ts'
import { Router } from '../../web/state/router.svelte.ts'
import { FakeVillage, GARDENS, idFrom, type VillageOptions } from '../support/fake-door.ts'
import { PATIENCE } from '../support/patience.ts'

async function open(hash: string, options: Partial<VillageOptions> = {}) {
  const village = new FakeVillage(options)
  const location = { hash }
  const router = new Router({
    location,
    history: {
      replaceState: (_data, _unused, url) => {
        location.hash = url
      },
    },
    addEventListener: () => {},
  })
  const language = await Language.open({ getItem: () => null, setItem: () => {} }, ['en'])
  const app = new Application({
    openDoor: async () => village,
    loadAudio: async () => roomAudio({}),
    router,
    language,
    memory: { getItem: () => null, setItem: () => {} },
  })
  await app.start()
  return { app, village, location }
}

describe('the app', () => {
  it('opens for a member', async () => {
    const { app } = await open('#/')
    expect(app.standing).toMatchObject({ at: 'inside' })
  })

  it.each([true, false])('knows that somebody is outside, of a site where founded is %s', async (founded) => {
    const { app } = await open('#/', { as: 'nobody', founded })
    expect(app.standing).toMatchObject({ at: 'outside', founded })
  })

  it('says why it could not open, and opens when it is asked again', async () => {
    const { app, village } = await open('#/', { failing: 'other-tab' })
    expect(app.standing).toEqual({ at: 'failed', code: 'other-tab' })
    village.failing = undefined
    await app.start()
    expect(app.standing).toMatchObject({ at: 'inside' })
  })

  it('joins the room of the address', async () => {
    const { app } = await open(`#/r/${GARDENS}`)
    expect(app.room?.view.id).toBe(GARDENS)
  })

  it('wipes the secret of the link from the address once somebody is in', async () => {
    const { app, village, location } = await open('#/i/come-in', { as: 'nobody' })
    app.enter(await village.join({ code: 'come-in', name: 'Awa', identity: await village.newIdentity() }))
    expect(location.hash).toBe('#/')
    expect(app.standing).toMatchObject({ at: 'inside' })
  })

  it('goes on to the room that was chosen while another one was being entered', async () => {
    const { app } = await open('#/')
    if (app.standing.at !== 'inside') throw new Error('this is for a member')
    const { peer } = app.standing.community
    const slow = Promise.withResolvers<void>()
    const joinRoom = peer.joinRoom.bind(peer)
    peer.joinRoom = async (room) => {
      if (room === GARDENS) await slow.promise
      return joinRoom(room)
    }
    const night = peer.rooms.value.find(({ title }) => title === 'Stories before sleep')
    if (night === undefined) throw new Error('the village has a second room')
    app.router.go({ at: 'room', room: GARDENS })
    app.router.go({ at: 'room', room: night.id })
    slow.resolve()
    await vi.waitFor(() => expect(app.room?.view.id).toBe(night.id), PATIENCE)
    expect(app.entering.busy).toBe(false)
  })

  it('takes a founder in who comes back with the founding link, and wipes its token', async () => {
    const { app, location } = await open('#/found/sow-the-seed', { as: 'founder' })
    expect(app.standing).toMatchObject({ at: 'inside' })
    expect(location.hash).toBe('#/')
  })

  it('says why a room could not be joined', async () => {
    const { app } = await open(hashOf({ at: 'room', room: idFrom('nowhere') }))
    expect(app.room).toBeUndefined()
    expect(app.entering.failure).toBe('room-gone')
  })

  it('goes to the room it opened, and leaves the one it was in', async () => {
    const { app, village, location } = await open(`#/r/${GARDENS}`)
    const former = village.room
    await app.openRoom({ title: 'Another', topics: [], language: 'en' })
    expect(app.room?.view.title).toBe('Another')
    expect(location.hash).toBe(hashOf({ at: 'room', room: app.room?.view.id ?? idFrom('none') }))
    expect(former?.view.value.status).toBe('left')
    expect(village.room?.view.value.status).toBe('open')
  })

  it('stays in its room while the person looks elsewhere', async () => {
    const { app, village } = await open(`#/r/${GARDENS}`)
    app.router.go({ at: 'people' })
    expect(app.room?.view.id).toBe(GARDENS)
    app.router.go({ at: 'room', room: GARDENS })
    expect(village.room?.view.value.status).toBe('open')
  })

  it('leaves, and goes back to the list', async () => {
    const { app, village, location } = await open(`#/r/${GARDENS}`)
    await app.leaveRoom()
    expect(app.room).toBeUndefined()
    expect(village.room?.view.value.status).toBe('left')
    expect(location.hash).toBe('#/')
  })

  it('keeps the ended room on the screen until the person goes', async () => {
    const { app, village } = await open(`#/r/${GARDENS}`)
    village.room?.over()
    expect(app.room?.view.status).toBe('ended')
    expect(app.announcer.text).toBe('The room has ended')
  })

  it('forgets a room that the peer has left', async () => {
    const { app, village, location } = await open(`#/r/${GARDENS}`)
    await village.room?.leave()
    expect(app.room).toBeUndefined()
    expect(location.hash).toBe('#/')
  })

  it('keeps its room in the address when the page goes away, for who loads it anew', async () => {
    const { app, village, location } = await open(`#/r/${GARDENS}`)
    if (app.standing.at !== 'inside') throw new Error('this is for a member')
    app.standing.community.peer.stop = async () => village.room?.leave()
    await app.close()
    expect(village.room?.view.value.status).toBe('left')
    expect(location.hash).toBe(`#/r/${GARDENS}`)
  })
})
