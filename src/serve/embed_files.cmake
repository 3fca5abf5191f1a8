# cmake -DOUT=FILE.cc "-DFILES=FILE;..." -P embed_files.cmake: files as the assets that asset.h promises.
set(arrays "")
set(entries "")
set(number 0)
foreach(path ${FILES})
  get_filename_component(name ${path} NAME)
  file(READ ${path} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
  string(APPEND arrays "const unsigned char kFile${number}[] = {\n${bytes}0};\n")
  string(APPEND entries "    {\"${name}\", {reinterpret_cast<const char*>(kFile${number}), sizeof kFile${number} - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "#include \"src/serve/asset.h\"\n
namespace mobilediffusion::serve {\nnamespace {\n
${arrays}
const Asset kAssets[] = {\n${entries}};\n
}  // namespace\n
std::span<const Asset> assets() { return kAssets; }\n
}  // namespace mobilediffusion::serve\n")
