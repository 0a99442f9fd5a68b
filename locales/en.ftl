### English. Sections are kept in the same order as in ru.ftl; a test holds both to the same keys and variables.
