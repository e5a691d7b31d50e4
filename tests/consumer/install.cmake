# Installs BUILD_DIR below STAGING and moves the result to INSTALLED.
cmake_minimum_required(VERSION 3.22)

file(REMOVE_RECURSE ${STAGING} ${INSTALLED})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${STAGING}
                COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${STAGING} ${INSTALLED})
