import { Converter, ReflectionKind } from 'typedoc';

/**
 * Each entry exports the type of clients under a name of its own, `DeepstreamClient`: what names the type that is behind it leads
 * to that of the default entry.
 */
export function load({ converter }) {
  converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (reflection.getFullName() !== 'deepstream-wasm.DeepstreamClient' || reflection.kind !== ReflectionKind.Interface) return;
    const type = context.checker.getDeclaredTypeOfSymbol(context.getSymbolFromReflection(reflection));
    context.project.registerSymbolId(reflection, context.createSymbolId(type.getSymbol()));
  });
}
