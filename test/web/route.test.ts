import { describe, expect, it } from 'vitest'
import type { MemberId, RoomId } from '../../protocol/ids.ts'
import { hashOf, parseRoute, type Route } from '../../web/state/route.ts'
import { Router, type RouterWindow } from '../../web/state/router.svelte.ts'
import { GARDENS, VILLAGERS } from '../support/fake-door.ts'

describe('an address', () => {
  it.each<[string, Route]>([
    ['', { at: 'home' }],
    ['#', { at: 'home' }],
    ['#/', { at: 'home' }],
    ['#/people', { at: 'people' }],
    [`#/people/${VILLAGERS.KOFI.id}`, { at: 'person', member: VILLAGERS.KOFI.id }],
    ['#/invite', { at: 'invite' }],
    ['#/decisions', { at: 'decisions' }],
    ['#/verify', { at: 'verify' }],
    ['#/own', { at: 'own' }],
    ['#/found/abc', { at: 'found', token: 'abc' }],
    ['#/i/Ab-_9', { at: 'invitation', code: 'Ab-_9' }],
    [`#/r/${GARDENS}`, { at: 'room', room: GARDENS }],
  ])('%s is a place', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route)
  })

  it.each([
    '#/found',
    '#/found/',
    '#/i/',
    '#/r/short',
    '#/r/',
    '#/people/x',
    '#/people/',
    '#/invite/x',
    '#/person',
    '#/i/a/b',
    '#/nowhere',
    '#/__proto__',
  ])('%s leads home', (hash) => {
    expect(parseRoute(hash)).toEqual({ at: 'home' })
  })

  it.each([
    { at: 'home' },
    { at: 'people' },
    { at: 'person', member: VILLAGERS.AMA.id as MemberId },
    { at: 'invite' },
    { at: 'decisions' },
    { at: 'verify' },
    { at: 'own' },
    { at: 'room', room: GARDENS as RoomId },
  ] as const)('of $at is read as it was written', (route) => {
    expect(parseRoute(hashOf(route))).toEqual(route)
  })
})

/** A window's address bar: as in a browser, writing the hash is told of, replacing the state is not. */
function addressBar(hash: string) {
  const steps = [hash]
  let told = () => {}
  const window: RouterWindow = {
    location: {
      get hash() {
        return steps.at(-1) ?? ''
      },
      set hash(value) {
        steps.push(value)
        told()
      },
    },
    history: {
      replaceState: (_data, _unused, url) => {
        steps[steps.length - 1] = url
      },
    },
    addEventListener: (_type, listener) => {
      told = listener
    },
  }
  return { window, steps }
}

describe('the router', () => {
  it('starts where the address is', () => {
    expect(new Router(addressBar('#/people').window).route).toEqual({ at: 'people' })
  })

  it('follows the address', () => {
    const { window } = addressBar('#/')
    const router = new Router(window)
    window.location.hash = '#/i/secret'
    expect(router.route).toEqual({ at: 'invitation', code: 'secret' })
  })

  it('leaves a step behind when it goes, and none when it replaces', () => {
    const { window, steps } = addressBar('#/')
    const router = new Router(window)
    router.go({ at: 'people' })
    expect(steps).toEqual(['#/', '#/people'])
    router.replace({ at: 'home' })
    expect(steps).toEqual(['#/', '#/'])
    expect(router.route).toEqual({ at: 'home' })
  })

  it('tells of every arrival', () => {
    const { window } = addressBar('#/')
    const router = new Router(window)
    const seen: string[] = []
    router.arrived = (route) => seen.push(route.at)
    router.replace({ at: 'people' })
    window.location.hash = '#/i/x'
    expect(seen).toEqual(['people', 'invitation'])
  })
})
