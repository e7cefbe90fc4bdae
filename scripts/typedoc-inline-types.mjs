// Typedoc plugin: members of an unnamed inline type ({ lower, upper } inside a record) are described by the docstring of
// the record's property; the gate for missing docstrings is for everything that has a name of its own.
import { Converter, ReflectionKind } from "typedoc";

/** Called by typedoc. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, (context) => {
    const inline = [];
    for (const reflection of Object.values(context.project.reflections)) {
      if (needsComment(reflection) && insideInlineType(reflection)) {
        inline.push(reflection.getFriendlyFullName());
      }
    }
    app.options.setValue("intentionallyNotDocumented", inline);
  });
}

/** What the gate would complain about: undocumented properties, and methods by their signatures. */
function needsComment(reflection) {
  const method = reflection.kindOf(ReflectionKind.CallSignature) && reflection.parent?.kindOf(ReflectionKind.Method);
  return !reflection.hasComment() && (reflection.kindOf(ReflectionKind.Property) || method);
}

function insideInlineType(reflection) {
  let inline = false;
  for (let parent = reflection.parent; parent; parent = parent.parent) {
    if (parent.kindOf(ReflectionKind.Parameter)) return false; // the gate does not look into parameters
    if (parent.kindOf(ReflectionKind.TypeLiteral)) inline = true;
  }
  return inline;
}
