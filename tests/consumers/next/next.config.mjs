// What else lies in the directories above is not to be looked at.
export default { turbopack: { root: import.meta.dirname } };
