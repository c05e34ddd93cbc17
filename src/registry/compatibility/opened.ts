/**
 * A form as consumers read it: they ignore members that they do not know, so a closed object is read as an open one.
 * Only places where more is accepted as parts accept more are opened; what is under `not` stays.
 */
import type { Form, Forms } from './form.ts'

export interface Reading {
  /** Closed objects opened. */
  opened(form: Form): Form
  /** Also without bounds: a wider bound is a warning, no refusal. */
  relaxed(form: Form): Form
}

export function createReading(forms: Forms): Reading {
  const withBounds = rewriting(forms, false)
  const withoutBounds = rewriting(forms, true)
  return { opened: withBounds, relaxed: withoutBounds }
}

function rewriting(forms: Forms, dropBounds: boolean): (form: Form) => Form {
  const known = new Map<number, Form>()
  const mapped = (named: ReadonlyMap<string, Form>): Map<string, Form> =>
    new Map([...named].map(([key, form]) => [key, of(form)]))

  function of(form: Form): Form {
    const found = known.get(form.id)
    if (found) return found
    const made = rewrite(form)
    known.set(form.id, made)
    return made
  }

  function rewrite(form: Form): Form {
    switch (form.kind) {
      case 'all':
        return forms.all(form.parts.map(of))
      case 'any':
        return forms.any(form.parts.map(of))
      case 'one':
        return forms.any(
          form.parts.map((part, at) =>
            forms.all([of(part), ...form.parts.filter((_, index) => index !== at).map(forms.not)]),
          ),
        )
      case 'members': {
        const others = form.others === forms.nothing ? forms.anything : of(form.others)
        return forms.members(mapped(form.named), mapped(form.patterns), others)
      }
      case 'list':
        return forms.list(form.places.map(of), of(form.rest))
      case 'contains':
        return form.max === Number.POSITIVE_INFINITY ? forms.contains(of(form.part), form.min, form.max) : form
      case 'opaque':
        return form.opens ? forms.anything : form
      case 'bound':
      case 'unique':
        return dropBounds ? forms.anything : form
      default:
        return form
    }
  }

  return of
}
