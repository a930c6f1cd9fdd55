/* Shared by the gallery and the dashboard: a DOM element with properties, attributes and styles. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  const { style = {}, ...rest } = properties;
  for (const [name, value] of Object.entries(style)) made.style.setProperty(name, value);
  for (const [name, value] of Object.entries(rest)) {
    if (name in made && !name.includes("-")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

